"""Why a try brought no page, and whether another one may."""

from __future__ import annotations

import email.utils
import time

__all__ = ["TRANSIENT_STATUS", "TryFailed", "seconds_to_wait"]

TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that say that the same request may do better later (RFC 9110, RFC 6585)."""


class TryFailed(Exception):  # noqa: N818 - it never leaves this room
    """One try of a request. Its text is free of secrets: whoever logs retries logs it."""

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        payload: str = "",
        is_transient: bool,
        wait_seconds: float | None = None,
        may_be_repeated: bool | None = None,
    ) -> None:
        self.reason = reason
        self.status = status
        self.payload = payload
        self.is_transient = is_transient
        self.wait_seconds = wait_seconds
        """How long the API asks to wait; None when it says nothing."""
        self.may_be_repeated = is_transient if may_be_repeated is None else may_be_repeated
        """Whether this fetch tries again."""
        self.attempts = 1
        super().__init__(reason)


def seconds_to_wait(retry_after: str | None, *, now: float | None = None) -> float | None:
    """Read the header ``Retry-After``: seconds or a date (RFC 9110, 10.2.3); None when it says nothing."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(retry_after).timestamp()
    except (TypeError, ValueError):
        return None
    return max(0.0, at - (time.time() if now is None else now))
