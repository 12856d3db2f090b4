"""Formats that keep columns with types of their own: read by name, each value into the declared type."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import Record, batches_of

__all__ = ["ColumnarFormat"]

_Check = Callable[[pa.DataType], bool]
_WIDER: Mapping[str, frozenset[str]] = {
    "int8": frozenset({"int16", "int32", "int64"}),
    "int16": frozenset({"int32", "int64"}),
    "int32": frozenset({"int64", "double"}),
    "float": frozenset({"double"}),
    "large_string": frozenset({"string"}),
    "large_binary": frozenset({"binary"}),
}
"""What Arrow casts with no value lost and none reinterpreted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnarFormat(PortableFormat):
    """Columns by name; a value that does not fit the declared type is NULL, and in ``_rescued_data``.

    A column that is declared without a type is a string, whatever the file has. A timestamp without a zone is UTC.
    """

    seeks: ClassVar[bool] = True
    unit: ClassVar[str] = "column"
    kind: ClassVar[str]
    """What messages call the format."""

    @abstractmethod
    def open(self, file: BinaryIO) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Return the file's schema, and all its rows. Arrow's errors are the file's faults."""

    def look(self, content: FileContent) -> Findings:
        found = Findings()
        declared = [name for name, _ in self.columns]
        for file in content.files():
            if not file.read(1):
                continue
            file.seek(0)
            with _translated(self.kind):
                schema, batches = self.open(file)
                _check_names(schema)
                found.names |= {name for name in declared if name in schema.names}
                for each in schema:
                    if each.name not in declared:
                        found.note_column(each.name, _plain(each.type))
                found.records += 1  # columns are there, rows or none
                for batch in batches:
                    batch.validate(full=True)  # Arrow takes any bytes for a string
                    self._note_unfit(batch, found)
        return found

    def _note_unfit(self, batch: pa.RecordBatch, found: Findings) -> None:
        if (unfit := self.unfit_values) is None:
            return
        columns = self.arrow_columns()
        doubtful = [
            each.name
            for each in batch.schema
            if each.name in columns and not _is_wider(each.type, columns[each.name])
        ]
        for row in _rows(batch.select(doubtful)):
            for name in unfit.of(row):
                found.changed[name] = _plain(batch.schema.field(name).type)

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        columns = self.arrow_columns()
        for file in content.files():
            with _translated(self.kind):
                _, batches = self.open(file)
                for batch in batches:
                    yield from _conformed(batch, columns, keeps_unfit=self.keeps_unfit)


def _conformed(
    batch: pa.RecordBatch, columns: Mapping[str, pa.DataType], *, keeps_unfit: bool
) -> Iterator[pa.RecordBatch]:
    if batch.num_rows == 0:
        return
    if set(batch.schema.names) <= columns.keys() and all(
        _is_wider(held.type, columns[held.name]) for held in batch.schema
    ):
        arrays = [
            batch.column(batch.schema.get_field_index(name)).cast(held)
            if name in batch.schema.names
            else pa.nulls(batch.num_rows, held)
            for name, held in columns.items()
        ]
        nothing = pa.nulls(batch.num_rows, pa.string())
        yield pa.RecordBatch.from_arrays([*arrays, nothing], names=[*columns, "_rescued_data"])
        return
    row_bytes = batch.nbytes // batch.num_rows
    rows = (Record(row, row_bytes) for row in _rows(batch))
    yield from batches_of(rows, columns, keeps_unfit=keeps_unfit)


def _is_wider(held: pa.DataType, wanted: pa.DataType) -> bool:
    return held == wanted or str(wanted) in _WIDER.get(str(held), frozenset())


def _rows(batch: pa.RecordBatch) -> Iterator[Mapping[str, Any]]:
    values = [_values(column) for column in batch.columns]
    names = batch.schema.names
    return (dict(zip(names, row, strict=True)) for row in zip(*values, strict=True))


def _values(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's moments end at microseconds: what is finer is cut, as Spark cuts it.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return list(column.to_pylist())


def _plain(held: pa.DataType) -> pa.DataType:
    """Return the type as a table can have it; ``string`` where no table can."""
    simple: tuple[tuple[_Check, pa.DataType], ...] = (
        (pa.types.is_large_string, pa.string()),
        (pa.types.is_large_binary, pa.binary()),
        (pa.types.is_fixed_size_binary, pa.binary()),
        (pa.types.is_uint8, pa.int16()),
        (pa.types.is_uint16, pa.int32()),
        (pa.types.is_uint32, pa.int64()),
        (pa.types.is_date64, pa.date32()),
        (pa.types.is_float16, pa.float32()),
    )
    for is_one, plain in simple:
        if is_one(held):
            return plain
    if pa.types.is_timestamp(held):
        return pa.timestamp("us", "UTC" if held.tz else None)
    if pa.types.is_dictionary(held):
        return _plain(held.value_type)
    if pa.types.is_list(held) or pa.types.is_large_list(held):
        return pa.list_(_plain(held.value_type))
    if pa.types.is_map(held):
        return pa.map_(_plain(held.key_type), _plain(held.item_type))
    if pa.types.is_struct(held):
        return pa.struct([(each.name, _plain(each.type)) for each in held])
    if pa.types.is_decimal(held):
        return pa.decimal128(held.precision, held.scale) if held.precision <= 38 else pa.string()
    kept: tuple[_Check, ...] = (
        pa.types.is_string,
        pa.types.is_boolean,
        pa.types.is_signed_integer,
        pa.types.is_floating,
        pa.types.is_date32,
        pa.types.is_binary,
    )
    return held if any(is_one(held) for is_one in kept) else pa.string()


def _check_names(schema: pa.Schema) -> None:
    repeated = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if repeated:
        raise UnreadableFileError(f"it has the column {repeated[0]!r} more than once")


@contextmanager
def _translated(kind: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the content's
        first = str(error).strip().partition("\n")[0]
        raise UnreadableFileError(f"it is no whole {kind} file ({first})") from error
