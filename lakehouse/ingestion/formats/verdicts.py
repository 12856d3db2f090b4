"""What an inspection finds: the file can be read, or it can't and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Accepted", "Inspection", "Rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The file can be read."""

    digest: str
    """Of the bytes as they lie in the landing zone: the same content has the same digest."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the format needs to know again when it reads the file, as JSON."""
    size_bytes: int | None = field(default=None, compare=False)
    """As the file was listed; None where only its content is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The file can't be used."""

    digest: str
    reason: str
    """Completes the sentence "the file is rejected: …"."""


Inspection = Accepted | Rejected
