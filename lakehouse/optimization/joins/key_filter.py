"""Files of the large side that hold none of the small side's keys, left unopened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ByteType,
    DataType,
    DateType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampType,
)

from lakehouse.optimization.joins.costs import READ, SHUFFLED, SORTED
from lakehouse.optimization.joins.sides import JoinSide, JoinSides
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer
from lakehouse.optimization.sizes import size_text
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["KeyFilterJoin"]

_OF_LEFT = frozenset({"inner", "right", "semi"})
_OF_RIGHT = frozenset({"inner", "left", "semi", "anti"})
"""Rows without a match may be left out of a side that shows none of them."""


@dataclass(frozen=True, slots=True)
class _Ordered:
    """How the values of a type come to the driver and back, exactly; Spark and the log order them alike."""

    shown: Callable[[Column], Column] = lambda column: column
    literal: Callable[[Any], Column] = F.lit


_PLAIN = _Ordered()
_ORDERED: dict[DataType, _Ordered] = {
    **dict.fromkeys((ByteType(), ShortType(), IntegerType(), LongType(), StringType()), _PLAIN),
    DateType(): _Ordered(lambda column: column.cast("string"), lambda text: F.lit(text).cast("date")),
    TimestampType(): _Ordered(F.unix_micros, lambda micros: F.timestamp_micros(F.lit(micros))),
}
_JOB_BYTES = 8 << 20
"""What the look at the small side costs beside its reading, in bytes that could be read meanwhile."""


@dataclass(frozen=True, slots=True)
class _Narrowing:
    name: str
    large: JoinSide
    small: JoinSide


@word("key-filter")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFilterJoin(JoinStrategy):
    """Looks at the small side's keys first, in a job of its own, and asks the large side for these alone.

    It pays where the large side's files lie by the key, and pays most where a filter of the small side leaves
    few of them. The small side is computed twice, so it must give the same rows each time.
    """

    least_bytes: int = 64 << 20
    """Of the large side: less is read as fast as the small side is looked at."""
    least_ratio: float = 20
    """How many times larger the side has to be that is narrowed."""
    most_share: float = 0.25
    """Of its files that a usual key lies in."""

    def offer(self, sides: JoinSides) -> Offer | None:
        found = self._narrowing(sides)
        if found is None or not sides.same_key_types:
            return None
        large, small = found.large.size_bytes or 0, found.small.size_bytes or 0
        # Of the large side, a few keys' files are read, and then both are small.
        read = small + large * found.large.key_share
        cost = _JOB_BYTES + small + (READ + SHUFFLED + SORTED) * read
        reason = f"{found.name} side {size_text(large)}, of which a key lies in {found.large.key_share:.0%}"
        return Offer(cost=cost, reason=reason)

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        found = self._narrowing(request.sides)
        if found is not None:
            name = request.on[0]
            if found.name == "left":
                left = _narrowed(left, right, name)
            else:
                right = _narrowed(right, left, name)
        return left.join(right, on=list(request.on), how=request.how)

    def _narrowing(self, sides: JoinSides) -> _Narrowing | None:
        for name, large, small, kinds in (
            ("left", sides.left, sides.right, _OF_LEFT),
            ("right", sides.right, sides.left, _OF_RIGHT),
        ):
            if sides.kind in kinds and large.size_bytes is not None and small.size_bytes is not None:
                is_larger = large.size_bytes >= max(self.least_bytes, self.least_ratio * small.size_bytes)
                if is_larger and large.key_share <= self.most_share:
                    return _Narrowing(name, large, small)
        return None


def _narrowed(large: DataFrame, small: DataFrame, name: str) -> DataFrame:
    """Return the rows of ``large`` whose key lies in the range of ``small``'s; all rows where keys have no order."""
    kinds = {field.dataType for frame in (large, small) for field in frame.schema if field.name == name}
    ordered = _ORDERED.get(kinds.pop()) if len(kinds) == 1 else None
    if ordered is None:
        return large
    column = F.col(quoted(name))
    found = small.agg(
        ordered.shown(F.min(column)).alias("low"), ordered.shown(F.max(column)).alias("high")
    ).first()
    if found is None or found["low"] is None:
        return large.where(F.lit(False))  # without a key, no row meets another
    return large.where((column >= ordered.literal(found["low"])) & (column <= ordered.literal(found["high"])))
