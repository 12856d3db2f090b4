"""A frequent key spread over several tasks."""

from __future__ import annotations

import functools
import operator
from collections import Counter
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType, VariantType

from lakehouse.optimization.joins.costs import READ, SHUFFLED, SORTED, shuffle_cost
from lakehouse.optimization.joins.sides import HeavyKey, JoinSides
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["SaltedJoin"]

_SALT = "__lakehouse_salt"
_OF_LEFT = frozenset({"inner", "left", "semi", "anti", "full"})
_OF_RIGHT = frozenset({"inner", "right"})
"""The other side's rows are copied, so none of them may be shown without a match."""
_LEAST_SHARE = 0.1
"""A key that fewer rows have doesn't keep one task much longer than the others."""
_MOST_SALTS = 256
_SALTS_OF_A_TASK = 16
"""So many, for a hash deals few of them unevenly to the tasks."""
_HASHED_BYTES = 16 << 20
"""The files of the copied side of which a task may build a table; in memory they take several times as much."""
_COPYING = 1.5
"""What the copies, the computed column and a key of one column more add: two tasks alone gain nothing by it."""


@word("salted")
@dataclass(frozen=True, slots=True, kw_only=True)
class SaltedJoin(JoinStrategy):
    """Gives rows of a frequent key a number, and each row that they meet a copy for each number.

    The number is a hash of the row: a task that runs again gives the same. In a full join the left side is
    computed twice, so it must give the same rows each time.
    """

    def offer(self, sides: JoinSides) -> Offer | None:
        if not sides.same_key_types or self._salted_side(sides) is None:
            return None
        even = shuffle_cost(sides, per_byte=SHUFFLED + SORTED)
        if even is None:
            return None
        share = max(sides.left.heaviest_share, sides.right.heaviest_share)
        twice = 2 if sides.kind == "full" else 1
        cost = _COPYING * twice * (READ + SHUFFLED + SORTED) * (sides.size_bytes or 0)
        return Offer(cost=cost, reason=f"{share:.0%} of the rows have one key")

    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        side = self._salted_side(request.sides)
        on = request.on
        if side is None:
            return left.join(right, on=list(on), how=request.how)
        count = min(_MOST_SALTS, _SALTS_OF_A_TASK * request.sides.parallelism)
        if side == "right":
            heavy = request.sides.right.heavy_keys
            pair = (
                _hashed(_copied(left, on, heavy, count), request.sides, "left"),
                _numbered(right, on, heavy, count),
            )
        else:
            heavy = request.sides.left.heavy_keys
            pair = (
                _numbered(left, on, heavy, count),
                _hashed(_copied(right, on, heavy, count), request.sides, "right"),
            )
        how = "left" if request.sides.kind == "full" else request.how
        joined = pair[0].join(pair[1], on=[*on, _SALT], how=how).drop(_SALT)
        return _with_right_alone(joined, left, right, on) if request.sides.kind == "full" else joined

    def _salted_side(self, sides: JoinSides) -> str | None:
        shares = {
            name: side.heaviest_share
            for name, side, kinds in (("left", sides.left, _OF_LEFT), ("right", sides.right, _OF_RIGHT))
            if sides.kind in kinds and side.heaviest_share >= _LEAST_SHARE
        }
        return max(shares, key=lambda name: shares[name], default=None)


def _hashed(frame: DataFrame, sides: JoinSides, name: str) -> DataFrame:
    """Return the copied side, of which each task builds a table where it surely can: then the other isn't sorted."""
    side = sides.left if name == "left" else sides.right
    # Neither more tasks than these nor an even spread are sure.
    fits = side.is_bound and (side.size_bytes or 0) <= _HASHED_BYTES * sides.parallelism
    return frame.hint("shuffle_hash") if fits and not side.heavy_keys else frame


def _numbered(frame: DataFrame, on: tuple[str, ...], heavy: tuple[HeavyKey, ...], count: int) -> DataFrame:
    """Return rows with a salt: of frequent keys a number below ``count``, of others 0."""
    names = Counter(field.name.lower() for field in frame.schema)
    hashed = [
        F.col(quoted(field.name))
        for field in frame.schema
        if _can_be_hashed(field.dataType)
        and names[field.name.lower()] == 1  # two of a name can't be told apart
    ]
    # A key with a null meets no row, and may be as frequent as any other.
    without = functools.reduce(operator.or_, (F.col(quoted(name)).isNull() for name in on))
    number = F.pmod(F.xxhash64(*hashed), F.lit(count)).cast("int")
    return frame.withColumn(_SALT, F.when(_is_heavy(on, heavy) | without, number).otherwise(F.lit(0)))


def _copied(frame: DataFrame, on: tuple[str, ...], heavy: tuple[HeavyKey, ...], count: int) -> DataFrame:
    """Return rows with a salt, those of frequent keys once for each."""
    every, first = F.sequence(F.lit(0), F.lit(count - 1)), F.array(F.lit(0))
    return frame.select("*", F.explode(F.when(_is_heavy(on, heavy), every).otherwise(first)).alias(_SALT))


def _is_heavy(on: tuple[str, ...], heavy: tuple[HeavyKey, ...]) -> Column:
    keys = (
        functools.reduce(
            operator.and_,
            (F.col(quoted(name)) == F.lit(value) for name, value in zip(on, key.values, strict=True)),
        )
        for key in heavy
    )
    return F.coalesce(functools.reduce(operator.or_, keys, F.lit(False)), F.lit(False))


def _with_right_alone(joined: DataFrame, left: DataFrame, right: DataFrame, on: tuple[str, ...]) -> DataFrame:
    """Return a left join's rows, and those of the right side that met no row: together a full join."""
    keys = left.select(*(F.col(quoted(name)) for name in on)).distinct()
    alone = right.join(keys, on=list(on), how="left_anti")
    lower = {name.lower() for name in on}
    of_left = [field for field in left.schema if field.name.lower() not in lower]
    of_right = [field for field in right.schema if field.name.lower() not in lower]
    shown = [
        *(F.col(quoted(name)) for name in on),
        *(F.lit(None).cast(field.dataType).alias(field.name) for field in of_left),
        *(F.col(quoted(field.name)) for field in of_right),
    ]
    return joined.unionAll(alone.select(*shown))


def _can_be_hashed(data_type: DataType) -> bool:
    if isinstance(data_type, StructType):
        return all(_can_be_hashed(field.dataType) for field in data_type)
    if isinstance(data_type, ArrayType):
        return _can_be_hashed(data_type.elementType)
    return not isinstance(data_type, MapType | VariantType)
