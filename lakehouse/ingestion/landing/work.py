"""What one process does: it looks through some files, and writes their rows into one Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.ingestion.file_inputs import UNREADABLE, why_unreadable
from lakehouse.ingestion.formats import Accepted, FileFormat, Inspection, Rejected
from lakehouse.ingestion.landing.shape import RowShape

__all__ = ["FileJob", "LandedRows", "UnitJob", "land_unit"]

_GROUP_ROWS = 128 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """One file."""

    path: str
    """Its identity."""
    local: str
    """Where its bytes lie on this machine."""
    found: Accepted | None = None
    """What an earlier look found; None where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitJob:
    """Files that become one Parquet file."""

    files: tuple[FileJob, ...]
    inspects_by: FileFormat
    shape: RowShape | None
    """None where the files are only looked through."""
    target: str
    """The Parquet file."""

    @property
    def size_of(self) -> int:
        """How many files there are."""
        return len(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedRows:
    """What came of it."""

    inspections: tuple[Inspection | None, ...]
    """In the order of the files; None for one that is gone."""
    row_count: int
    """How many rows the Parquet file has; without rows there is none."""


def land_unit(job: UnitJob) -> LandedRows:
    """Look through the files, and write the rows of those that can be read.

    Raises UnreadableFileError where a file is not what it was when it was looked at.
    """
    writer = _Writer(job)
    with writer.open():
        inspections = tuple(_landed(file, job, writer) for file in job.files)
    return LandedRows(inspections=inspections, row_count=writer.row_count)


def _landed(file: FileJob, job: UnitJob, writer: _Writer) -> Inspection | None:
    try:
        with Path(file.local).open("rb") as stream:
            found = file.found or job.inspects_by.inspect(stream, name=file.path)
            if isinstance(found, Accepted) and job.shape is not None:
                stream.seek(0)
                writer.write(stream, file.path, found, job.shape)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = why_unreadable(error)
        return Rejected(reason=reason, digest=f"{UNREADABLE} {reason}")
    return found


class _Writer:
    """One Parquet file, begun when there is a row."""

    def __init__(self, job: UnitJob) -> None:
        self._job = job
        self._parquet: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self.row_count = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Finish the file at the end of the block."""
        try:
            yield
            self._flush()
        finally:
            if self._parquet is not None:
                self._parquet.close()

    def write(self, stream: BinaryIO, path: str, found: Accepted, shape: RowShape) -> None:
        """Write the rows of a file."""
        for batch in shape.file_format.batches(stream, name=path, found=found):
            self._waiting.append(shape.rows(batch, path=path))
            self._rows += batch.num_rows
            if self._rows >= _GROUP_ROWS:
                self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        table = pa.Table.from_batches(self._waiting)
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._job.target, table.schema, compression="snappy")
        self._parquet.write_table(table, row_group_size=_GROUP_ROWS)
        self.row_count += table.num_rows
        self._waiting, self._rows = [], 0
