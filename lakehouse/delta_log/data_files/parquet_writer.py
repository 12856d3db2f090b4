"""Rows written as Parquet files below the table's root, each described for the log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta_log.actions import AddFile, encode_path
from lakehouse.delta_log.data_files.layout import TableLayout
from lakehouse.delta_log.data_files.partitioning import Partition, partition_folder, partitions_of
from lakehouse.delta_log.data_files.physical_names import renamed
from lakehouse.delta_log.data_files.statistics import statistics_from_footer
from lakehouse.storage import AbstractStorageService

__all__ = ["ROW_GROUP_ROWS", "WrittenFile", "write_data_files"]

_FILE_BYTES = 256 << 20
"""Of rows in memory: a file's size on disk is usually a good part of it."""
ROW_GROUP_ROWS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A data file that is in storage and not yet in any log."""

    key: str
    add: AddFile
    rows: int


def write_data_files(
    rows: pa.Table,
    layout: TableLayout,
    *,
    storage: AbstractStorageService,
    table: str,
    data_change: bool = True,
    folder: str = "",
    row_group_rows: int = ROW_GROUP_ROWS,
) -> Iterator[WrittenFile]:
    """Write conformed rows, at least a file a partition, and yield each file as soon as it is there.

    ``folder`` is the one below the table's root that they are written in, with a slash at its end.
    """
    for partition in partitions_of(rows, layout.partition_columns, table=table):
        content = _content(partition.rows, layout)
        for part in _parts(content):
            body = _parquet(part, layout, row_group_rows)
            yield _written(body, part, partition, layout, storage, data_change=data_change, folder=folder)


def _content(rows: pa.Table, layout: TableLayout) -> pa.Table:
    if len(layout.data_columns) < rows.num_columns:
        rows = rows.select([part.name for part in layout.data_columns])
    if layout.is_mapped:
        # A slice can't be rebuilt under other names, so it is copied.
        return renamed(
            rows.take(pa.array(range(rows.num_rows), pa.int64())).combine_chunks(), layout.file_schema
        )
    return rows


def _parts(rows: pa.Table) -> Iterator[pa.Table]:
    count = max(1, -(-rows.nbytes // _FILE_BYTES))
    length = max(1, -(-rows.num_rows // count))
    for start in range(0, max(1, rows.num_rows), length):
        yield rows.slice(start, length)


def _written(
    body: tuple[bytes, pq.FileMetaData],
    rows: pa.Table,
    partition: Partition,
    layout: TableLayout,
    storage: AbstractStorageService,
    *,
    data_change: bool,
    folder: str,
) -> WrittenFile:
    buffer, footer = body
    name = f"part-00000-{uuid.uuid4()}-c000.{layout.codec}.parquet"
    key = f"{folder}{partition_folder(partition.values)}{name}"
    stat = storage.write(key, buffer)
    add = AddFile(
        path=encode_path(key),
        partition_values=partition.values,
        size_bytes=len(buffer),
        modified_ms=stat.modified_ms,
        data_change=data_change,
        stats=statistics_from_footer(footer, indexed=layout.indexed, leaves=layout.leaves, rows=rows),
    )
    return WrittenFile(key=key, add=add, rows=rows.num_rows)


def _parquet(rows: pa.Table, layout: TableLayout, row_group_rows: int) -> tuple[bytes, pq.FileMetaData]:
    sink = pa.BufferOutputStream()
    footers: list[pq.FileMetaData] = []
    pq.write_table(
        rows,
        sink,
        compression=layout.codec,
        row_group_size=row_group_rows,
        store_schema=False,
        metadata_collector=footers,
    )
    return sink.getvalue().to_pybytes(), footers[0]
