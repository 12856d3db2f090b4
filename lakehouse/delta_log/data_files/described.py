"""A Parquet file that is in storage already, as the log describes it."""

from __future__ import annotations

from lakehouse.delta_log.actions import AddFile, encode_path
from lakehouse.delta_log.data_files.parquet_writer import WrittenFile
from lakehouse.delta_log.data_files.statistics import statistics_from_footer
from lakehouse.delta_log.parquet_source import open_parquet
from lakehouse.storage import AbstractStorageReader

__all__ = ["described"]


def described(
    storage: AbstractStorageReader, key: str, *, indexed: frozenset[tuple[str, ...]] | None = None
) -> WrittenFile:
    """Return the file with what its footer says; of an unpartitioned table, and new to it.

    ``indexed``: the leaves that get statistics, all by default. Raises NotFoundError, pa.ArrowException.
    """
    stat = storage.stat(key)
    with open_parquet(storage, key) as parquet:
        footer = parquet.metadata
    add = AddFile(
        path=encode_path(key),
        partition_values={},
        size_bytes=stat.size_bytes,
        modified_ms=stat.modified_ms,
        data_change=True,
        stats=statistics_from_footer(footer, indexed=indexed),
    )
    return WrittenFile(key=key, add=add, rows=footer.num_rows)
