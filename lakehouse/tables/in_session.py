"""What engines that work through a session have in common: who reads the table, and how rows are staged beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Predicate
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.file_sizes import in_few_files
from lakehouse.tables.interface import TableState
from lakehouse.tables.layout import PLAIN_LAYOUT, TableLayout
from lakehouse.tables.log import TableLog
from lakehouse.tables.reader import TableReader
from lakehouse.tables.staging import StagedRows

__all__ = ["TableInSession"]


class TableInSession:
    """The reading half of a table, and its staging. A subclass writes.

    ``log``: the table's, where somebody holds it already.
    """

    uses_delta: ClassVar[bool] = True
    """Whether the session has Delta's jars, and may read by them."""

    def __init__(
        self,
        spark: SparkSession,
        path: str,
        *,
        log: TableLog | None = None,
        layout: TableLayout = PLAIN_LAYOUT,
    ) -> None:
        self._spark = spark
        self._path = path
        self._layout = layout
        self._log = TableLog(path) if log is None else log
        self._reader = TableReader(spark, self._log, path, uses_delta=self.uses_delta)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._path!r})"

    @property
    def path(self) -> str:
        return self._path

    @property
    def reader(self) -> TableReader:
        """What reads the table."""
        return self._reader

    def state(self) -> TableState | None:
        return self._reader.state()

    def read(
        self, *, version: int, columns: Sequence[str] | None = None, where: Predicate | None = None
    ) -> DataFrame:
        return self._reader.read(version=version, columns=columns, where=where)

    def read_files(self, files: Candidates, *, version: int) -> DataFrame:
        return self._reader.read_files(files, version=version)

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        return self._reader.rows_added(after=after, through=through)

    def changes(self, *, after: int, through: int) -> DataFrame:
        return self._reader.changes(after=after, through=through)

    def stage(self, frame: DataFrame, *, expected_bytes: int | None = None) -> StagedRows:
        if expected_bytes is not None:
            held = self._log.size_bytes_now()
            frame = in_few_files(frame, expected_bytes=expected_bytes, table_bytes=held + expected_bytes)
        return StagedRows.write(frame, self._path)

    def with_staged(self, staged: StagedRows) -> tuple[Self, DataFrame]:
        return self, staged.frame(self._spark)
