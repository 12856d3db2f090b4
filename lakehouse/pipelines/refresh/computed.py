"""How the result of a batch was computed, beside the rows that came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Computed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """How the result of a batch was computed."""

    how: str
    """``incremental: …`` or ``whole: …``, with the reason; empty where the flow leaves no choice."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Groups, how many of them the batch touched, and what was read for it."""
