"""How only what is new is asked for: a field whose highest value so far goes into the next request."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lakehouse.ingestion.errors import UnusableBodyError

__all__ = ["CursorValue", "Incremental", "cursor_value", "later"]

CursorValue = str | int | float
"""A value of the field, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """Ask for the records whose ``field`` is at least the highest value that came so far.

    Whether the record with just that value comes again is the API's choice: where it does, write by ``merge``.
    """

    field: str
    """In each record, such as ``updated_at``; a path with dots."""
    parameter: str
    """Of the request, such as ``since``."""
    initial: CursorValue | None = None
    """For the first request; None asks without the parameter."""


def cursor_value(value: object) -> CursorValue | None:
    """Return a record's value where it can be a cursor; None where it is missing, or of another kind."""
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def later(one: CursorValue | None, other: CursorValue | None) -> CursorValue | None:
    """Return the higher of two values; None is below all. Texts that are instants compare as instants.

    Raises UnusableBodyError where one is a number and the other a text.
    """
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, str) != isinstance(other, str):
        raise UnusableBodyError(
            f"the values {one!r} and {other!r} of the incremental field can't be compared"
        )
    if isinstance(one, str) and isinstance(other, str):
        instants = _instant(one), _instant(other)
        if instants[0] is not None and instants[1] is not None:
            return one if instants[0] >= instants[1] else other
        return max(one, other)
    return max(one, other)


def _instant(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
