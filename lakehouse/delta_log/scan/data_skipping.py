"""Which files may hold rows that meet a condition, by partition values and statistics alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.data_files import parse_partition_values, texts_of_column
from lakehouse.delta_log.errors import InvalidPredicateError, NoSuchColumnError
from lakehouse.delta_log.scan.predicates import (
    And,
    ColumnPath,
    Comparison,
    IsIn,
    IsNull,
    Not,
    Or,
    Predicate,
)
from lakehouse.delta_log.scan.statistics import ColumnBounds, column_bounds, find_column, record_counts
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
    columns = {path: _fields(path, schema, table) for path in predicate.columns}
    stats = files.column("stats").to_pylist()
    in_data = {path: fields for path, fields in columns.items() if path[0] not in partition_columns}
    bounds = column_bounds(stats, in_data)
    for path in columns.keys() - in_data.keys():
        bounds[path] = _partition_bounds(files, columns[path][0], stats, table)
    try:
        return pc.fill_null(_evaluated(predicate, bounds, files.num_rows), fill_value=True)
    except (pa.ArrowException, TypeError) as error:
        raise InvalidPredicateError(table=table, predicate=repr(predicate), reason=str(error)) from error


def _fields(path: ColumnPath, schema: StructType, table: str) -> list[StructField]:
    fields = find_column(schema, path)
    if fields is None:
        raise NoSuchColumnError(table=table, column=".".join(path), available=schema.names)
    return fields


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
        case IsIn(path, values):
            equals = tuple(Comparison(path, "==", value) for value in values)
            return _evaluated(Or(equals), bounds, count)
        case Not(part):
            return _not(part, bounds, count)
        case Comparison(path) | IsNull(path) if path not in bounds:
            return pa.nulls(count, pa.bool_())
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
        case IsIn(path, values):
            return _evaluated(And(tuple(Comparison(path, "!=", value) for value in values)), bounds, count)
        case IsNull(path) if path in bounds:
            return pc.less(bounds[path].null_count, bounds[path].row_count)
        # NaN is neither smaller nor bigger than anything, and the bounds leave it out.
        case Comparison(path, name, value) if path in bounds and not bounds[path].may_have_nan:
            return _compared(bounds[path], _INVERSE[name], value)
        case _:
            return pa.nulls(count, pa.bool_())


def _compared(bounds: ColumnBounds, name: str, value: Any) -> pa.Array:
    literal = _literal(value, bounds.smallest.type)
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
    has_values = pc.less(bounds.null_count, bounds.row_count)
    return pc.and_kleene(found, has_values)


def _literal(value: Any, data_type: pa.DataType) -> pa.Scalar:
    try:
        return pa.scalar(value, type=data_type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # 1.5 against an integer column: comparing finds the type that holds both.
        return pa.scalar(value)


def _all(count: int, *, value: bool) -> pa.Array:
    return pa.repeat(pa.scalar(value), count)
