"""What the log knows of a column in each file (Delta PROTOCOL, "Per-file Statistics")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import Int64
from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.scan.predicates import ColumnPath
from lakehouse.delta_log.schema import PrimitiveType, StructField, StructType, arrow_type

__all__ = ["ColumnBounds", "column_bounds", "find_column", "ordinals", "record_counts"]


_JSON_TYPES: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "float": float | str,
    "double": float | str,
    "date": str,
    "timestamp": str,
    "timestamp_ntz": str,
    **dict.fromkeys(["long", "integer", "short", "byte"], int),
}
_MILLISECOND_US = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnBounds:
    """Bounds of a column's values in each file; a null bound is not known."""

    smallest: pa.Array
    largest: pa.Array
    """The values lie in ``smallest … largest``; for floating point, NaN aside."""
    null_count: pa.Array
    row_count: pa.Array
    may_have_nan: bool = False
    """Whether the files may hold NaN, which is in no order with other values, and in no bound."""

    def ranges(self) -> list[tuple[Any, Any] | None]:
        """Return the bounds of each file as values that Python orders as Arrow does; None where one is not known."""
        pairs = zip(ordinals(self.smallest), ordinals(self.largest), strict=True)
        return [None if low is None or high is None else (low, high) for low, high in pairs]


def ordinals(values: pa.Array) -> list[Any]:
    """Return values that Python orders as Arrow does: dates and moments may lie beyond Python's own."""
    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    elif pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    found: list[Any] = values.to_pylist()
    return found


class _Rows(msgspec.Struct):
    numRecords: Int64 | None = None  # noqa: N815 - the log's name


_rows_decoder = msgspec.json.Decoder(_Rows)


def record_counts(stats: Sequence[str | None]) -> list[int | None]:
    """Return the number of rows in each file, deleted ones included; None where it is not known."""
    return [None if found is None else found.numRecords for found in _decoded(stats, _rows_decoder)]


def find_column(schema: StructType, path: ColumnPath) -> list[StructField] | None:
    """Return the fields from the top down to a column; None where the schema lacks it."""
    fields: list[StructField] = []
    struct: Any = schema
    for name in path:
        found = struct.get(name) if isinstance(struct, StructType) else None
        if found is None:
            return None
        fields.append(found)
        struct = found.data_type
    return fields or None


def column_bounds(
    stats: Sequence[str | None], fields: Mapping[ColumnPath, Sequence[StructField]]
) -> dict[ColumnPath, ColumnBounds]:
    """Return the bounds of each column that has any; ``fields`` are as ``find_column`` gives them."""
    wanted = {path: found for path, found in fields.items() if _is_decodable(found)}
    if not wanted:
        return {}
    decoded = list(_decoded(stats, _decoder_for(list(wanted.values()))))
    rows = column([None if found is None else found.numRecords for found in decoded], pa.int64())
    return {path: _bounds(decoded, found, rows) for path, found in wanted.items()}


def _decoded(stats: Sequence[str | None], decoder: msgspec.json.Decoder[Any]) -> list[Any]:
    found: list[Any] = []
    for text in stats:
        try:
            found.append(None if text is None else decoder.decode(text))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            # Statistics only ever save work: without them the file is read.
            found.append(None)
    return found


_UNUSUAL = re.compile(r'[\x00-\x1f"\\]')
"""Characters that the decoder refuses in field names; such columns have no bounds."""


def _is_decodable(fields: Sequence[StructField]) -> bool:
    unusual = any(_UNUSUAL.search(field.physical_name) for field in fields)
    return not unusual and _json_type(fields[-1]) is not None


def _json_type(field: StructField) -> Any:
    if not isinstance(field.data_type, PrimitiveType):
        return None
    name = field.data_type.name
    return Decimal if name.startswith("decimal") else _JSON_TYPES.get(name)


def _decoder_for(columns: Sequence[Sequence[StructField]]) -> msgspec.json.Decoder[Any]:
    values = _struct_for(columns, of_counts=False)
    counts = _struct_for(columns, of_counts=True)
    fields: list[tuple[str, Any, Any]] = [
        ("numRecords", Int64 | None, None),
        ("minValues", values | None, None),
        ("maxValues", values | None, None),
        ("nullCount", counts | None, None),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Statistics", fields, gc=False))


def _struct_for(columns: Sequence[Sequence[StructField]], *, of_counts: bool) -> Any:
    """Return a type that decodes these columns alone; a field is called by its number."""
    grouped: dict[str, list[Sequence[StructField]]] = {}
    for fields in columns:
        grouped.setdefault(fields[0].physical_name, []).append(fields)
    members: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    for number, (physical_name, group) in enumerate(grouped.items()):
        nested = [fields[1:] for fields in group if len(fields) > 1]
        leaf = Int64 if of_counts else _json_type(group[0][-1])
        member = _struct_for(nested, of_counts=of_counts) if nested else leaf
        members.append((f"c{number}", member | None, None))
        names[f"c{number}"] = physical_name
    return msgspec.defstruct("Columns", members, rename=names, gc=False)


def _bounds(decoded: Sequence[Any], fields: Sequence[StructField], rows: pa.Array) -> ColumnBounds:
    data_type = fields[-1].data_type
    assert isinstance(data_type, PrimitiveType)  # noqa: S101 - column_bounds chose only such
    names = [field.physical_name for field in fields]
    smallest = _typed([_value(found, "minValues", names) for found in decoded], data_type)
    largest = _typed([_value(found, "maxValues", names) for found in decoded], data_type)
    if data_type.name in {"timestamp", "timestamp_ntz"}:
        largest = _up_to_next_millisecond(largest)
    if fields[-1].was_once("float"):
        # The text 0.1 of a float stands for 0.10000000149…, which is another double than 0.1.
        smallest = pc.min_element_wise(smallest, _through_float(smallest), skip_nulls=False)
        largest = pc.max_element_wise(largest, _through_float(largest), skip_nulls=False)
    nulls = [_value(found, "nullCount", names) for found in decoded]
    return ColumnBounds(
        smallest=smallest,
        largest=largest,
        null_count=column(nulls, pa.int64()),
        row_count=rows,
        may_have_nan=data_type.name in {"float", "double"},
    )


def _value(statistics: Any, part: str, names: Sequence[str]) -> Any:
    value = None if statistics is None else getattr(statistics, part)
    for name in names:
        if value is None:
            return None
        value = getattr(value, _attribute(type(value), name), None)
    return value


def _attribute(struct: type, physical_name: str) -> str:
    encoded: tuple[str, ...] = struct.__struct_encode_fields__  # type: ignore[attr-defined]
    return f"c{encoded.index(physical_name)}" if physical_name in encoded else ""


def _typed(values: list[Any], data_type: PrimitiveType) -> pa.Array:
    """Return the values in the column's type; null for what isn't of it."""
    wanted = arrow_type(data_type)
    if pa.types.is_boolean(wanted):
        return column(values, wanted)
    if pa.types.is_integer(wanted):
        return _safely(column([_int64(value) for value in values], pa.int64()), wanted)
    texts = [None if value is None else value if isinstance(value, str) else str(value) for value in values]
    if data_type.name == "timestamp":
        texts = [None if text is None else text if text.endswith("Z") else _zoned(text) for text in texts]
    found = _safely(column(texts, pa.string()), wanted)
    return _without_nan(found) if pa.types.is_floating(wanted) else found


def _without_nan(bounds: pa.Array) -> pa.Array:
    # Spark takes NaN for the largest value and says so; what the other values are, such a bound hides.
    return pc.if_else(pc.is_nan(bounds), pa.nulls(len(bounds), bounds.type), bounds)


def _int64(value: int | None) -> int | None:
    return value if value is not None and -(2**63) <= value < 2**63 else None


def _zoned(text: str) -> str:
    has_offset = len(text) > 6 and text[-6] in "+-" and text[-3] == ":"
    return text if has_offset else f"{text}Z"


def _safely(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if values.type.equals(wanted):
        return values
    try:
        return values.cast(wanted)
    except pa.ArrowException:
        return pa.concat_arrays([_one(values.slice(index, 1), wanted) for index in range(len(values))])


def _one(value: pa.Array, wanted: pa.DataType) -> pa.Array:
    try:
        return value.cast(wanted)
    except pa.ArrowException:
        return pa.nulls(1, wanted)


def _up_to_next_millisecond(largest: pa.Array) -> pa.Array:
    # Writers cut timestamps to milliseconds, so the true maximum may be up to a millisecond later.
    micros = largest.cast(pa.int64())
    return pc.add(micros, column([_MILLISECOND_US - 1], pa.int64())[0]).cast(largest.type)


def _through_float(values: pa.Array) -> pa.Array:
    return values.cast(pa.float32(), safe=False).cast(values.type)
