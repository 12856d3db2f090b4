"""What becomes of one request: its page, or what stands in its place."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["FailedRequest", "Page", "PageOutcome"]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page that came, with its records as the texts that they came as."""

    chain: int
    position: dict[str, Any]
    follows: dict[str, Any] | None
    """The position after it; None where it is the last."""
    url: str
    """Without secrets."""
    records: tuple[str, ...]
    highest: str | int | float | None = None
    """Of the incremental field."""
    attempts: int = 1


class FailedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that brought no page."""

    chain: int
    position: dict[str, Any]
    url: str
    """Without secrets."""
    reason: str
    """Completes the sentence "the request failed: …"."""
    attempts: int
    status: int | None = None
    """Of the last reply; None where none came."""
    payload: str = ""
    """The beginning of the last reply's body, without secrets."""
    is_transient: bool = False
    """Whether the same request may do better later."""
    goes_on: bool = False
    """Whether it stands for the pages after it too, which were not asked for."""


PageOutcome = Page | FailedRequest
