"""Which files may hold rows that meet a condition, by partition values and statistics alone."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.data_files import parse_partition_values, texts_of_column
from lakehouse.delta_log.errors import InvalidPredicateError
from lakehouse.delta_log.scan.binding import bound_to
from lakehouse.delta_log.scan.predicates import (
    And,
    ColumnPath,
    Comparison,
    IsMember,
    IsNull,
    Not,
    Or,
    Predicate,
    WhereNotNull,
)
from lakehouse.delta_log.scan.statistics import (
    ColumnBounds,
    column_bounds,
    find_column,
    ordinals,
    record_counts,
)
from lakehouse.delta_log.schema import StructField, StructType

__all__ = ["may_match"]

_INVERSE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_COMPARE: dict[str, Callable[[Any, Any], pa.Array]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


def may_match(
    files: pa.Table, predicate: Predicate, schema: StructType, *, partition_columns: Sequence[str], table: str
) -> pa.Array:
    """Return for each file of a table of files: false only where none of its rows can meet the predicate.

    Raises NoSuchColumnError, InvalidPredicateError.
    """
    predicate = bound_to(predicate, schema, table=table)
    columns = {path: find_column(schema, path) or [] for path in predicate.columns}
    stats = files.column("stats").to_pylist()
    in_data = {path: fields for path, fields in columns.items() if path[0] not in partition_columns}
    bounds = column_bounds(stats, in_data)
    for path in columns.keys() - in_data.keys():
        bounds[path] = _partition_bounds(files, columns[path][0], stats, table)
    try:
        return pc.fill_null(_evaluated(predicate, bounds, files.num_rows), fill_value=True)
    except (pa.ArrowException, TypeError) as error:
        raise InvalidPredicateError(table=table, predicate=repr(predicate), reason=str(error)) from error


def _partition_bounds(
    files: pa.Table, field: StructField, stats: Sequence[str | None], table: str
) -> ColumnBounds:
    texts = texts_of_column(files.column("partitionValues"), field.physical_name).to_pylist()
    values = parse_partition_values(texts, field.data_type, source=table)
    counts = [1 if count is None else max(count, 1) for count in record_counts(stats)]
    rows = pa.array(counts, type=pa.int64())
    nulls = pc.if_else(pc.is_null(values), rows, pa.scalar(0, pa.int64()))
    is_float = pa.types.is_floating(values.type)
    return ColumnBounds(
        smallest=values, largest=values, null_count=nulls, row_count=rows, may_have_nan=is_float
    )


def _evaluated(predicate: Predicate, bounds: Mapping[ColumnPath, ColumnBounds], count: int) -> pa.Array:
    """Return true, false or null (not known) for each file."""
    match predicate:
        case And(parts):
            return functools.reduce(
                pc.and_kleene, (_evaluated(part, bounds, count) for part in parts), _all(count, value=True)
            )
        case Or(parts):
            return functools.reduce(
                pc.or_kleene, (_evaluated(part, bounds, count) for part in parts), _all(count, value=False)
            )
        case Not(part):
            return _not(part, bounds, count)
        case Comparison(path) | IsMember(path) | IsNull(path) | WhereNotNull(path) if path not in bounds:
            return pa.nulls(count, pa.bool_())
        case IsMember(path, members):
            return _has_member(bounds[path], members)
        case WhereNotNull(path, answer):
            return _where_not_null(bounds[path], answer)
        case Comparison(path, name, value):
            return _compared(bounds[path], name, value)
        case IsNull(path):
            return pc.greater(bounds[path].null_count, 0)
        case _:
            return pa.nulls(count, pa.bool_())


def _not(part: Predicate, bounds: Mapping[ColumnPath, ColumnBounds], count: int) -> pa.Array:
    match part:
        case Not(inner):
            return _evaluated(inner, bounds, count)
        case And(parts):
            return _evaluated(Or(tuple(Not(inner) for inner in parts)), bounds, count)
        case Or(parts):
            return _evaluated(And(tuple(Not(inner) for inner in parts)), bounds, count)
        case WhereNotNull(path, answer) if path in bounds:
            return _where_not_null(bounds[path], None if answer is None else not answer)
        case IsMember(path, members) if path in bounds and not bounds[path].may_have_nan:
            return _has_other_than(bounds[path], members)
        case IsNull(path) if path in bounds:
            return pc.less(bounds[path].null_count, bounds[path].row_count)
        # NaN is neither smaller nor bigger than anything, and the bounds leave it out.
        case Comparison(path, name, value) if path in bounds and not bounds[path].may_have_nan:
            return _compared(bounds[path], _INVERSE[name], value)
        case _:
            return pa.nulls(count, pa.bool_())


def _compared(bounds: ColumnBounds, name: str, literal: pa.Scalar) -> pa.Array:
    match name:
        case "==":
            low, high = pc.less_equal(bounds.smallest, literal), pc.greater_equal(bounds.largest, literal)
            found = pc.and_kleene(low, high)
        case "!=" if bounds.may_have_nan:
            found = pa.nulls(len(bounds.smallest), pa.bool_())
        case "!=":
            low, high = pc.not_equal(bounds.smallest, literal), pc.not_equal(bounds.largest, literal)
            found = pc.or_kleene(low, high)
        case "<" | "<=":
            found = _COMPARE[name](bounds.smallest, literal)
        case _:
            found = _COMPARE[name](bounds.largest, literal)
    return pc.and_kleene(found, _has_values(bounds))


def _has_values(bounds: ColumnBounds) -> pa.Array:
    return pc.less(bounds.null_count, bounds.row_count)


def _where_not_null(bounds: ColumnBounds, answer: bool | None) -> pa.Array:
    if answer:
        return _has_values(bounds)
    return (
        _all(len(bounds.smallest), value=False)
        if answer is False
        else pa.nulls(len(bounds.smallest), pa.bool_())
    )


def _has_member(bounds: ColumnBounds, members: pa.Array) -> pa.Array:
    ordered = sorted(ordinals(members))

    def is_between(low: Any, high: Any) -> bool | None:
        if low is None or high is None:
            return None
        first = bisect_left(ordered, low)
        return first < len(ordered) and ordered[first] <= high

    return _of_each(bounds, is_between)


def _has_other_than(bounds: ColumnBounds, members: pa.Array) -> pa.Array:
    known = set(ordinals(members))

    def is_other(low: Any, high: Any) -> bool | None:
        return None if low is None or high is None else low != high or low not in known

    return _of_each(bounds, is_other)


def _of_each(bounds: ColumnBounds, decide: Callable[[Any, Any], bool | None]) -> pa.Array:
    pairs = zip(ordinals(bounds.smallest), ordinals(bounds.largest), strict=True)
    found = column([decide(low, high) for low, high in pairs], pa.bool_())
    return pc.and_kleene(found, _has_values(bounds))


def _all(count: int, *, value: bool) -> pa.Array:
    return pa.repeat(pa.scalar(value), count)
