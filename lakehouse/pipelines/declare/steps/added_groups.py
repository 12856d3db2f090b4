"""Measures that can be added up: a group's kept row has a column for each part of each aggregate.

``count(DISTINCT …)`` is one of them where the values that were counted are kept beside the groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DecimalType, NumericType, StringType

from lakehouse.pipelines.declare.expressions import AggregateCall, Measure
from lakehouse.pipelines.declare.steps.distinct_values import DistinctValues
from lakehouse.pipelines.declare.steps.kept_groups import KeptGroups
from lakehouse.tables import quoted

__all__ = ["AddedGroups"]

_PART = "__lakehouse_part_{}_{}"
_VALUE = "__lakehouse_value_{}"

_MERGES: Mapping[str, Callable[[Column], Column]] = {
    "any": F.bool_or,
    "bit_and": F.bit_and,
    "bit_or": F.bit_or,
    "bit_xor": F.bit_xor,
    "bool_and": F.bool_and,
    "bool_or": F.bool_or,
    "count": F.sum,
    "count_if": F.sum,
    "every": F.bool_and,
    "max": F.max,
    "min": F.min,
    "some": F.bool_or,
    "sum": F.sum,
}
"""By aggregate, what makes one result of several."""

_WIDEST, _WIDEST_WITH_PLACES = 22, 29
"""Digits of a decimal, and digits and places together, whose mean is exact in the 38 digits that there are."""

_ROUNDS_WIDE_DECIMALS = "spark.sql.decimalOperations.allowPrecisionLoss"


@dataclass(frozen=True, slots=True)
class _Part:
    """A column of kept rows: an aggregate over rows, and how several of its results become one."""

    column: str
    text: str
    merge: Callable[[Column], Column]


@dataclass(frozen=True, slots=True)
class _Value:
    """An aggregate of a measure: the parts that are kept of it, and its value, made of these."""

    parts: tuple[_Part, ...]
    finish: Callable[[Sequence[Column]], Column]
    distinct: DistinctValues | None = None


@dataclass(frozen=True, slots=True)
class AddedGroups(KeptGroups):
    """One row a group with the parts of its measures; parts of several sets of rows add up to those of all."""

    by: tuple[str, ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]
    measures: tuple[Measure, ...]
    values: tuple[_Value, ...]
    """One for each call of each measure, in their order."""

    @classmethod
    def over(
        cls, rows: DataFrame, *, by: Sequence[str], keys: Sequence[str], measures: Mapping[str, str]
    ) -> AddedGroups | None:
        """Return how groups of ``rows`` add up; None where a measure doesn't. ``keys`` are the names of ``by``."""
        read = [Measure.of(text) for text in measures.values()]
        found = tuple(measure for measure in read if measure is not None)
        calls = [call for measure in found for call in measure.calls]
        values = [_value(rows, number, call, by) for number, call in enumerate(calls)]
        known = tuple(value for value in values if value is not None)
        if len(found) < len(measures) or len(known) < len(values):
            return None
        return cls(by=tuple(by), keys=tuple(keys), names=tuple(measures), measures=found, values=known)

    @property
    def key_columns(self) -> Sequence[str]:
        return self.keys

    @property
    def merges(self) -> bool:
        return True

    @property
    def distinct(self) -> Sequence[DistinctValues]:
        return [value.distinct for value in self.values if value.distinct is not None]

    def of(self, rows: DataFrame) -> DataFrame:
        parts = [F.expr(part.text).alias(part.column) for part in self._parts()]
        return rows.groupBy(*(F.expr(text) for text in self.by)).agg(*parts).toDF(*self._columns())

    def merged(self, kept: DataFrame) -> DataFrame:
        types = {field.name: field.dataType for field in kept.schema.fields}
        # A sum of sums is wider than a sum; one of all rows would have had to fit into its type too.
        parts = [
            part.merge(F.col(part.column)).cast(types[part.column]).alias(part.column)
            for part in self._parts()
        ]
        keys = [F.col(quoted(key)) for key in self.keys]
        return kept.groupBy(*keys).agg(*parts)

    def result(self, kept: DataFrame) -> DataFrame:
        finished = [
            value.finish([F.col(part.column) for part in value.parts]).alias(_VALUE.format(number))
            for number, value in enumerate(self.values)
        ]
        keys = [F.col(quoted(key)) for key in self.keys]
        rows = kept.select(*keys, *finished)
        placed = [quoted(_VALUE.format(number)) for number in range(len(self.values))]
        measures = []
        for name, measure in zip(self.names, self.measures, strict=True):
            own, placed = placed[: len(measure.calls)], placed[len(measure.calls) :]
            measures.append(F.expr(measure.finish(own)).alias(name))
        return rows.select(*keys, *measures)

    def _parts(self) -> Sequence[_Part]:
        return [part for value in self.values for part in value.parts]

    def _columns(self) -> Sequence[str]:
        return [*self.keys, *(part.column for part in self._parts())]


def _value(rows: DataFrame, number: int, call: AggregateCall, by: Sequence[str]) -> _Value | None:
    if call.function in ("avg", "mean"):
        return _mean(rows, number, call)
    part = _Part(_PART.format(number, 0), call.text, _MERGES[call.function])
    distinct = None
    if call.distinct:
        distinct = DistinctValues(
            by=tuple(by), arguments=call.arguments, condition=call.condition, column=part.column
        )
    return _Value((part,), lambda columns: columns[0], distinct)


def _mean(rows: DataFrame, number: int, call: AggregateCall) -> _Value | None:
    data_type = rows.select(F.expr(call.arguments)).schema.fields[0].dataType
    summed = call.arguments
    divide: Callable[[Column, Column], Column] = _as_double
    if isinstance(data_type, DecimalType):
        if not _divides_exactly(rows, data_type):
            return None
        divide = _exactly(data_type)
    elif isinstance(data_type, NumericType | StringType):
        summed = f"CAST({call.arguments} AS DOUBLE)"
    else:
        return None
    parts = (
        _Part(_PART.format(number, 0), f"sum({summed}){call.rest}", F.sum),
        _Part(_PART.format(number, 1), f"count({call.arguments}){call.rest}", F.sum),
    )
    return _Value(parts, lambda columns: divide(*columns))


def _as_double(total: Column, count: Column) -> Column:
    return F.when(count > 0, total / count.cast("double"))


def _divides_exactly(rows: DataFrame, data_type: DecimalType) -> bool:
    precision, scale = data_type.precision, data_type.scale
    fits = precision <= _WIDEST and precision + scale <= _WIDEST_WITH_PLACES
    return fits and rows.sparkSession.conf.get(_ROUNDS_WIDE_DECIMALS, "true") == "true"


def _exactly(data_type: DecimalType) -> Callable[[Column, Column], Column]:
    """Return the division of Spark's Average: to four more places, half up (``Average.scala``).

    Spark's own ``/`` gives fewer places to wide decimals. So whole numbers are divided: half up is the floor of
    ``(2 * total + count) / (2 * count)`` in units of the last place, and a multiple divides without a rest.
    """
    precision, scale = data_type.precision, data_type.scale
    places = scale + 4

    def divide(total: Column, count: Column) -> Column:
        whole = DecimalType(38, 0).simpleString()
        power = F.lit(f"1{'0' * scale}").cast(f"decimal({scale + 1},0)")
        units = (F.abs(total) * power).cast(whole) * F.lit(10_000).cast("decimal(5,0)")
        twice = (units.cast(whole) * F.lit(2).cast("decimal(1,0)") + count.cast("decimal(20,0)")).cast(whole)
        divisor = (count.cast("decimal(20,0)") * F.lit(2).cast("decimal(1,0)")).cast("decimal(21,0)")
        quotient = ((twice - twice % divisor).cast(whole) / divisor).cast(f"decimal({precision + 4},0)")
        unit = F.lit(f"0.{'1':0>{places}}").cast(f"decimal({places},{places})")
        value = (quotient * unit).cast(f"decimal({precision + 4},{places})")
        return F.when(count > 0, F.when(total < 0, -value).otherwise(value))

    return divide
