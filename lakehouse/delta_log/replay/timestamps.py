"""Points in time as callers give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

from lakehouse.errors import ConfigurationError

__all__ = ["Timestamp", "iso_text", "milliseconds"]

Timestamp: TypeAlias = datetime | str | int
"""An aware datetime, its ISO 8601 text with an offset, or milliseconds since the epoch."""


def milliseconds(timestamp: Timestamp) -> int:
    """Return milliseconds since the epoch. Raises ConfigurationError without a time zone."""
    if isinstance(timestamp, int):
        return timestamp
    try:
        moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else timestamp
    except ValueError as error:
        raise _not_a_time(timestamp, "it is not ISO 8601") from error
    if moment.tzinfo is None:
        raise _not_a_time(timestamp, "it has no time zone")
    return int(moment.timestamp() * 1000)


def _not_a_time(timestamp: object, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{timestamp!r} is not a timestamp: {reason}.", fix="write it like 2024-05-01T12:30:00+00:00 or …Z."
    )


def iso_text(timestamp_ms: int) -> str:
    """Return ISO 8601 text in UTC; the bare number for a time beyond the calendar."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return f"{timestamp_ms} ms"
