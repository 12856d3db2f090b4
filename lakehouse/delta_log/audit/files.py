"""The data files: each there, as big as the log says, with statistics that agree with its footer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.delta_log.audit.findings import Finding
from lakehouse.delta_log.deletion_vectors import read_deletion_vector
from lakehouse.delta_log.errors import MalformedDeletionVectorError
from lakehouse.delta_log.parquet_source import open_parquet
from lakehouse.delta_log.scan import ColumnBounds, ColumnPath, column_bounds, data_files, record_counts
from lakehouse.delta_log.schema import StructField
from lakehouse.delta_log.snapshot import Snapshot
from lakehouse.delta_log.stored_objects import locate
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["audit_files"]


def audit_files(storage: AbstractStorageReader, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield what is wrong with the live files, in the order of the log."""
    files = snapshot.files()
    sizes, texts = files.column("size").to_pylist(), files.column("stats").to_pylist()
    for number, file in enumerate(data_files(files, source=snapshot.table)):
        try:
            where, key = locate(storage, file.path)
            size_bytes = where.stat(key).size_bytes
        except NotFoundError:
            yield _error("missing file", file.path, "the log names it, and it is not there")
            continue
        except StorageError as error:
            yield _error("unreachable file", file.path, str(error))
            continue
        if size_bytes != sizes[number]:
            message = f"it has {size_bytes} bytes, the log says {sizes[number]}"
            yield _error("wrong size", file.path, message)
        yield from _footer(where, key, file.path, snapshot, texts[number])
        if file.deletion_vector is not None:
            try:
                read_deletion_vector(storage, file.deletion_vector)
            except MalformedDeletionVectorError as error:
                yield _error("bad deletion vector", file.path, str(error))


def _error(kind: str, where: str, message: str) -> Finding:
    return Finding(severity="error", kind=kind, where=where, message=message)


def _footer(
    storage: AbstractStorageReader, key: str, path: str, snapshot: Snapshot, stats: str | None
) -> Iterator[Finding]:
    try:
        with open_parquet(storage, key) as parquet:
            footer = parquet.metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        yield _error("unreadable file", path, str(error))
        return
    if stats is not None:
        yield from (_error("bad statistics", path, text) for text in _disagreements(footer, snapshot, stats))


def _disagreements(footer: pq.FileMetaData, snapshot: Snapshot, stats: str) -> Iterator[str]:
    """Yield in which ways the statistics of a file would make a reader skip it, or count it, wrongly."""
    [rows] = record_counts([stats])
    if rows is not None and rows != footer.num_rows:
        yield f"it has {footer.num_rows} rows, its statistics say {rows}"
    partitions = set(snapshot.partition_columns)
    fields: dict[ColumnPath, list[StructField]] = {
        (field.name,): [field] for field in snapshot.struct if field.name not in partitions
    }
    indices = {footer.schema.column(index).path: index for index in range(footer.num_columns)}
    for (name,), bounds in column_bounds([stats], fields).items():
        index = indices.get(fields[(name,)][0].physical_name)
        if index is not None:
            yield from _column_disagreements(name, bounds, _chunks(footer, index))


def _chunks(footer: pq.FileMetaData, index: int) -> list[pq.Statistics | None]:
    groups = range(footer.num_row_groups)
    return [footer.row_group(group).column(index).statistics for group in groups]


def _column_disagreements(
    name: str, bounds: ColumnBounds, chunks: Sequence[pq.Statistics | None]
) -> Iterator[str]:
    counts = [chunk.null_count for chunk in chunks if chunk is not None and chunk.has_null_count]
    said = bounds.null_count[0].as_py()
    if said is not None and len(counts) == len(chunks) and said != sum(counts):
        yield f"column {name!r} has {sum(counts)} nulls, its statistics say {said}"
    values = [(chunk.min, chunk.max) for chunk in chunks if chunk is not None and chunk.has_min_max]
    low, high = bounds.smallest[0].as_py(), bounds.largest[0].as_py()
    for smallest, largest in values:
        if _is_above(low, smallest):
            yield f"column {name!r} has the value {smallest!r}, below its statistics' minimum {low!r}"
        if _is_above(largest, high):
            yield f"column {name!r} has the value {largest!r}, above its statistics' maximum {high!r}"


def _is_above(value: Any, bound: Any) -> bool:
    # Text is left out: writers cut it in the footer as well as in the log.
    if isinstance(value, str | bytes) or type(value) is not type(bound):
        return False
    return bool(value > bound)
