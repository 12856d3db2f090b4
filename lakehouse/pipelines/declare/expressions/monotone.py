"""A function of one column that keeps its order: what is between two results came from between two values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse.pipelines.declare.expressions.tokens import plain_column

__all__ = ["MonotoneColumn"]

_NAME = r"(?P<column>[^\W\d]\w*|`(?:[^`]|``)+`)"
_DAYS = {"week": 7, "month": 31, "mon": 31, "mm": 31, "quarter": 92, "year": 366, "yyyy": 366, "yy": 366}
_UNIT = rf"'(?P<unit>{'|'.join(('day', 'dd', 'hour', *_DAYS))})'"
_FORMS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?:to_date|date)\(\s*{_NAME}\s*\)",
        rf"cast\(\s*{_NAME}\s+as\s+date\s*\)",
        rf"date_trunc\(\s*{_UNIT}\s*,\s*{_NAME}\s*\)",
        rf"trunc\(\s*{_NAME}\s*,\s*{_UNIT}\s*\)",
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonotoneColumn:
    """The column that a group's key comes from."""

    column: str
    span_days: int = 0
    """How many days the values of one key reach over, at most; 0 where the key is the value itself."""

    @classmethod
    def of(cls, text: str) -> MonotoneColumn | None:
        """Read a key: a column, its day, or the beginning of its month, say; None for another expression."""
        if (name := plain_column(text)) is not None:
            return cls(column=name)
        for form in _FORMS:
            if match := form.fullmatch(text.strip()):
                column = plain_column(match["column"])
                unit = (match.groupdict().get("unit") or "day").lower()
                return cls(column=column or "", span_days=_DAYS.get(unit, 1))
        return None
