"""An order of rows, written as in SQL: ``updated_at``, ``updated_at DESC``."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

__all__ = ["Order"]

_DIRECTION = re.compile(r"^(?P<text>.*?)(?:\s+(?P<direction>ASC|DESC))?$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One expression and its direction. NULL is behind every value, in either direction."""

    text: str
    descending: bool = False

    @classmethod
    def of(cls, written: str) -> Order | None:
        """Read an order; None when it is not one expression."""
        match = _DIRECTION.match(written.strip())
        if match is None or not match["text"] or _has_outer_comma(match["text"]):
            return None
        return cls(text=match["text"], descending=(match["direction"] or "").upper() == "DESC")

    def reversed(self) -> Order:
        """Return the opposite order."""
        return dataclasses.replace(self, descending=not self.descending)

    def value(self) -> Column:
        """Return what is ordered by."""
        return F.expr(self.text)

    def best_first(self) -> Column:
        """Return the sort of a window whose first row is the first in this order."""
        value = self.value()
        return value.desc_nulls_last() if self.descending else value.asc_nulls_last()

    def beats(self, one: Column, other: Column) -> Column:
        """Return whether ``one`` comes before ``other`` in this order; never NULL."""
        ahead = one > other if self.descending else one < other
        return F.coalesce(ahead, one.isNotNull() & other.isNull())


def _has_outer_comma(text: str) -> bool:
    depth, quote = 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char in "()[]":
            depth += 1 if char in "([" else -1
        elif char == "," and depth == 0:
            return True
    return False
