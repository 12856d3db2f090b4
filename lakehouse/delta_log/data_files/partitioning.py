"""Rows by their partition, and partition values as the protocol writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.data_files.partition_values import serialize_partition_value
from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.schema import PrimitiveType, StructField

__all__ = ["Partition", "partition_folder", "partitions_of"]

_NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = frozenset("\"#%'*/:=?\\\x7f{[]^" + "".join(map(chr, range(0x20))))
_LONGEST_FOLDER_BYTES = 200
_LONGEST_PATH_BYTES = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Rows that share their partition values; the partition columns are still among them."""

    values: Mapping[str, str | None]
    """By physical name."""
    rows: pa.Table


def partitions_of(rows: pa.Table, columns: Sequence[StructField], *, table: str) -> Iterator[Partition]:
    """Yield the rows by partition, each partition once."""
    if not columns:
        yield Partition(values={}, rows=rows)
        return
    names = [part.name for part in columns]
    if rows.num_rows > 1:
        rows = rows.sort_by([(name, "ascending") for name in names])
    # In one thread, groups come in the order of their first rows: of sorted rows, the order of slices.
    groups = rows.select(names).group_by(names, use_threads=False).aggregate([([], "count_all")])
    start = 0
    for group in groups.to_pylist():
        length = group.pop("count_all")
        values = {part.physical_name: _value(group[part.name], part, table) for part in columns}
        yield Partition(values=values, rows=rows.slice(start, length))
        start += length


def _value(value: Any, part: StructField, table: str) -> str | None:
    if not isinstance(part.data_type, PrimitiveType):
        reason = f"the column {part.name!r} is nested, and can't be a partition column"
        raise IncompatibleRowsError(table=table, problems=[reason])
    try:
        return serialize_partition_value(value, part.data_type)
    except ValueError as error:
        reason = f"the value {value!r} of the partition column {part.name!r} has no text ({error})"
        raise IncompatibleRowsError(table=table, problems=[reason]) from error


def partition_folder(values: Mapping[str, str | None]) -> str:
    """Return the folder for files of a partition, ended by ``/``: for people, no reader relies on it."""
    folder = "".join(f"{_folder(name, value)}/" for name, value in values.items())
    return folder if len(folder.encode()) <= _LONGEST_PATH_BYTES else f"{_digest(folder)}/"


def _folder(name: str, value: str | None) -> str:
    text = f"{_escaped(name)}={_NULL_FOLDER if value is None else _escaped(value)}"
    if len(text.encode()) <= _LONGEST_FOLDER_BYTES:
        return text
    return _digest(text)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _escaped(text: str) -> str:
    escaped = "".join(f"%{ord(char):02X}" if char in _ESCAPED else char for char in text)
    # Some stores have no folders whose name ends in a dot.
    return f"{escaped[:-1]}%2E" if escaped.endswith(".") else escaped
