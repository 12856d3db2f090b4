"""A version of a table in parts that other processes read, each without opening the log again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.scan import Predicate, Scan
from lakehouse.delta_log.schema import schema_from_json
from lakehouse.delta_log.snapshot.snapshot import Snapshot
from lakehouse.delta_log.stored_objects import table_storage

__all__ = ["ScanPart", "scan_parts"]

_PART_BYTES = 64 << 20
_OPENING_BYTES = 1 << 20
"""What opening a file costs, in bytes that could be read meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPart:
    """Some files of one version. It can be pickled."""

    table: str
    """Its URI."""
    version: int
    metadata: MetadataChange
    files: pa.Table

    @classmethod
    def of(cls, snapshot: Snapshot, files: pa.Table) -> ScanPart:
        """Return some of the files that ``snapshot.plan`` names."""
        # A slice is pickled with all that it is a slice of.
        copied = files.take(pa.array(range(files.num_rows), pa.int64()))
        return cls(table=snapshot.table, version=snapshot.version, metadata=snapshot.metadata, files=copied)

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows of each file; the first, empty table shows the schema. Raises as ``Scan.tables``."""
        return self._scan().tables(columns, None)

    def numbered_tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield the same with ``ROW_NUMBER``: where a row stands in its file."""
        return self._scan().numbered_tables(columns)

    def _scan(self) -> Scan:
        storage = table_storage(self.table)
        return Scan(
            storage=storage,
            version=self.version,
            metadata=self.metadata,
            schema=schema_from_json(self.metadata.schema_string, table=storage.uri()),
            files=self.files,
        )


def scan_parts(
    snapshot: Snapshot, predicate: Predicate | None = None, *, only: Collection[str] | None = None
) -> Iterator[ScanPart]:
    """Yield the files that may hold rows that meet a predicate, in parts that take about as long to read.

    ``only`` has the paths of those that are wanted; by default all.
    """
    files = snapshot.plan(predicate).files.drop_columns(["stats"])
    if only is not None:
        files = files.filter(pc.is_in(files.column("path"), pa.array(sorted(only), pa.string())))
    start, size = 0, 0
    for number, bytes_of_file in enumerate(files.column("size").to_pylist()):
        if size + bytes_of_file > _PART_BYTES and number > start:
            yield ScanPart.of(snapshot, files.slice(start, number - start))
            start, size = number, 0
        size += bytes_of_file + _OPENING_BYTES
    if start < files.num_rows:
        yield ScanPart.of(snapshot, files.slice(start))
