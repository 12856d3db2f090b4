"""A length of time as people write it: ``30 days``, ``15 min``."""

from __future__ import annotations

import datetime as dt
import re

__all__ = ["duration"]

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 7 * 86_400}
_SHORT = {"s": "second", "sec": "second", "min": "minute", "h": "hour"}
_WRITTEN = re.compile(rf"\s*(\d{{1,9}})\s*({'|'.join([*_SECONDS, *_SHORT])})s?\s*", re.IGNORECASE)


def duration(written: str) -> dt.timedelta | None:
    """Return the length; None where the text is something else, or the length is too long. A day has 24 hours."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    unit = found[2].lower()
    try:
        return dt.timedelta(seconds=int(found[1]) * _SECONDS[_SHORT.get(unit, unit)])
    except OverflowError:
        return None
