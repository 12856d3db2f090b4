"""The table of files in Arrow: its columns, and how lines of the log become its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from lakehouse.delta_log.actions import AddFile, DeletionVectorDescriptor, Int64, RemoveFile
from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.errors import MalformedLogError

__all__ = [
    "ADD_TYPE",
    "DELETION_VECTOR_TYPE",
    "REMOVE_TYPE",
    "STRING_MAP",
    "AddLine",
    "RemoveLine",
    "add_line",
    "add_rows",
    "deletion_vector_id",
    "remove_rows",
]

STRING_MAP = pa.map_(pa.string(), pa.string())
DELETION_VECTOR_TYPE = pa.struct(
    [
        ("storageType", pa.string()),
        ("pathOrInlineDv", pa.string()),
        ("offset", pa.int32()),
        ("sizeInBytes", pa.int32()),
        ("cardinality", pa.int64()),
        ("maxRowIndex", pa.int64()),
    ]
)
ADD_TYPE = pa.struct(
    [
        ("path", pa.string()),
        ("partitionValues", STRING_MAP),
        ("size", pa.int64()),
        ("modificationTime", pa.int64()),
        ("dataChange", pa.bool_()),
        ("stats", pa.string()),
        ("tags", STRING_MAP),
        ("deletionVector", DELETION_VECTOR_TYPE),
        ("baseRowId", pa.int64()),
        ("defaultRowCommitVersion", pa.int64()),
        ("clusteringProvider", pa.string()),
    ]
)
"""The ``add`` column of a checkpoint (Delta PROTOCOL, "Checkpoint Schema")."""

REMOVE_TYPE = pa.struct(
    [
        ("path", pa.string()),
        ("deletionTimestamp", pa.int64()),
        ("dataChange", pa.bool_()),
        ("extendedFileMetadata", pa.bool_()),
        ("partitionValues", STRING_MAP),
        ("size", pa.int64()),
        ("deletionVector", DELETION_VECTOR_TYPE),
        ("baseRowId", pa.int64()),
        ("defaultRowCommitVersion", pa.int64()),
    ]
)
"""The ``remove`` column: tombstones keep neither statistics nor tags."""

_NULL = msgspec.Raw(b"null")


class AddLine(msgspec.Struct, gc=False):
    """An ``add`` as the replay of a log keeps it: the maps stay JSON text until they are needed."""

    path: str
    partitionValues: msgspec.Raw  # noqa: N815 - the log's name, as are the rest
    size: Int64
    modificationTime: Int64  # noqa: N815
    dataChange: bool  # noqa: N815
    stats: str | None = None
    tags: msgspec.Raw = _NULL
    deletionVector: DeletionVectorDescriptor | None = None  # noqa: N815
    baseRowId: Int64 | None = None  # noqa: N815
    defaultRowCommitVersion: Int64 | None = None  # noqa: N815
    clusteringProvider: str | None = None  # noqa: N815


class RemoveLine(msgspec.Struct, gc=False):
    """A ``remove`` as the replay of a log keeps it."""

    path: str
    dataChange: bool  # noqa: N815
    deletionTimestamp: Int64 | None = None  # noqa: N815
    extendedFileMetadata: bool | None = None  # noqa: N815
    partitionValues: msgspec.Raw = _NULL  # noqa: N815
    size: Int64 | None = None
    deletionVector: DeletionVectorDescriptor | None = None  # noqa: N815
    baseRowId: Int64 | None = None  # noqa: N815
    defaultRowCommitVersion: Int64 | None = None  # noqa: N815


_StringMap = dict[str, str | None]
_map_decoder = msgspec.json.Decoder(_StringMap | None)
_encode = msgspec.json.encode


def add_line(action: AddFile | RemoveFile) -> AddLine | RemoveLine:
    """Return what reading the action back from the log would give."""
    if isinstance(action, AddFile):
        return msgspec.json.decode(_encode(action), type=AddLine)
    return msgspec.json.decode(_encode(action), type=RemoveLine)


def add_rows(lines: Sequence[AddLine], *, source: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the lines as a table with fields of ``ADD_TYPE``, all by default. Raises MalformedLogError."""
    fields = ADD_TYPE if columns is None else [ADD_TYPE.field(name) for name in columns]
    return _rows(lines, pa.schema(list(fields)), source)


def remove_rows(lines: Sequence[RemoveLine], *, source: str) -> pa.Table:
    """Return the lines as a table with the fields of ``REMOVE_TYPE``. Raises MalformedLogError."""
    return _rows(lines, pa.schema(list(REMOVE_TYPE)), source)


def _rows(lines: Sequence[AddLine | RemoveLine], schema: pa.Schema, source: str) -> pa.Table:
    maps = _MapTexts(source)
    arrays: list[pa.Array] = []
    for field in schema:
        values: list[Any] = [getattr(line, field.name) for line in lines]
        if field.type.equals(STRING_MAP):
            values = [maps.parsed(value) for value in values]
        elif field.type.equals(DELETION_VECTOR_TYPE):
            values = [None if value is None else msgspec.to_builtins(value) for value in values]
        arrays.append(column(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


class _MapTexts:
    # Files of one partition have the same text, so each text is parsed once.
    def __init__(self, source: str) -> None:
        self._source = source
        self._known: dict[bytes, list[tuple[str, str | None]] | None] = {b"null": None, b"{}": []}

    def parsed(self, text: msgspec.Raw) -> list[tuple[str, str | None]] | None:
        body = bytes(text)
        try:
            return self._known[body]
        except KeyError:
            pass
        try:
            found = _map_decoder.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            reason = f"{body[:80]!r} is not a map of strings ({error})"
            raise MalformedLogError(source=self._source, reason=reason) from error
        self._known[body] = None if found is None else list(found.items())
        return self._known[body]


def deletion_vector_id(descriptor: Mapping[str, Any] | None) -> str | None:
    """Return the unique id of a deletion vector in a row of the table of files."""
    if descriptor is None:
        return None
    body = f"{descriptor['storageType']}{descriptor['pathOrInlineDv']}"
    return body if descriptor["offset"] is None else f"{body}@{descriptor['offset']}"
