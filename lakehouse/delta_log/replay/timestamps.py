"""Points in time as callers give them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeAlias

from lakehouse.errors import ConfigurationError

__all__ = ["DAY_MS", "Timestamp", "day_of", "iso_text", "milliseconds"]

_EPOCH = date(1970, 1, 1).toordinal()

Timestamp: TypeAlias = datetime | date | str | int
"""An aware datetime, its ISO 8601 text with an offset, milliseconds since the epoch, or a day in UTC."""

DAY_MS = 86_400_000


def milliseconds(timestamp: Timestamp) -> int:
    """Return milliseconds since the epoch, for a day those of its end in UTC.

    Raises ConfigurationError for a time without a zone.
    """
    if isinstance(timestamp, int):
        return timestamp
    day = day_of(timestamp)
    if day is not None:
        return (day.toordinal() - _EPOCH + 1) * DAY_MS - 1
    try:
        moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else timestamp
    except ValueError as error:
        raise _not_a_time(timestamp, "it is not ISO 8601") from error
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise _not_a_time(timestamp, "it has no time zone")
    return int(moment.timestamp() * 1000)


def day_of(timestamp: Timestamp) -> date | None:
    """Return the day that is meant; None for a point in time."""
    if isinstance(timestamp, str):
        try:
            return date.fromisoformat(timestamp)
        except ValueError:
            return None
    return timestamp if isinstance(timestamp, date) and not isinstance(timestamp, datetime) else None


def _not_a_time(timestamp: object, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{timestamp!r} is not a timestamp: {reason}.",
        fix="write it like 2024-05-01T12:30:00+00:00 or …Z; 2024-05-01 alone is the end of that day in UTC.",
    )


def iso_text(timestamp_ms: int) -> str:
    """Return ISO 8601 text in UTC; the bare number for a time beyond the calendar."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return f"{timestamp_ms} ms"
