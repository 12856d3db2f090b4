"""Read a table through Spark: plain Parquet where the log allows it, Delta's reading or Python's elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructType, TimestampType

from lakehouse.delta_log import Predicate, scan_parts, storage_key
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.conditions import as_column
from lakehouse.tables.errors import UnreadableChangesError
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import TableState
from lakehouse.tables.log import ChangedFile, TableLog
from lakehouse.tables.paths import literal_path
from lakehouse.tables.python_files import change_rows, rows_of_parts, rows_of_version, schema_of_rows

__all__ = ["CHANGE_COLUMNS", "TableReader"]

CHANGE_COLUMNS = ("_change_type", "_commit_version", "_commit_timestamp")
"""What ``changes`` adds to the columns of a table."""


class TableReader:
    """Keeps the promises of IReadableDeltaTable, for every engine. ``log`` is the table's.

    ``uses_delta=False`` is for a session without Delta's jars: Spark's Python workers read what isn't plain, and
    whatever lies in a store, for which Spark would need jars of its own.
    """

    def __init__(self, spark: SparkSession, log: TableLog, path: str, *, uses_delta: bool = True) -> None:
        self._spark = spark
        self._uses_delta = uses_delta
        self._log = log
        self._path = path
        self._by_python = not uses_delta and "://" in path

    @property
    def path(self) -> str:
        return self._path

    def state(self) -> TableState | None:
        return self._log.state()

    def read(
        self, *, version: int, columns: Sequence[str] | None = None, where: Predicate | None = None
    ) -> DataFrame:
        files = None
        if self._uses_delta:
            files = self._log.plain_files(version=version, where=where)
        elif not self._by_python:
            files = self._log.plain_files(version=version, where=where, most=None)
        if files is not None:
            rows = self.parquet(files, self._log.schema(version=version))
        elif self._uses_delta:
            rows = self._delta().option("versionAsOf", version).load(self._path)
        else:
            rows = rows_of_version(self._spark, self._log.at(version), where)
        rows = rows if where is None else rows.where(as_column(where))
        return rows if columns is None else rows.select(*map(quoted, columns))

    def read_files(self, files: Candidates, *, version: int) -> DataFrame:
        if not self._by_python:
            return self.parquet(files.paths, self._log.schema(version=version))
        snapshot, wanted = self._log.at(version), set(files.paths)
        names = [
            name
            for name in snapshot.files()["path"].to_pylist()
            if f"{self._path}/{storage_key(name, table_uri=snapshot.table)}" in wanted
        ]
        return rows_of_parts(self._spark, list(scan_parts(snapshot, only=names)), schema_of_rows(snapshot))

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        if after < 0:
            return self.read(version=through)
        files = self._log.plain_files_added(after=after, through=through)
        if files is not None and not self._by_python:
            return self.parquet(files, self._log.schema(version=through))
        if self._uses_delta:
            self._require_change_feed(after=after, through=through)
        return self._change_feed(after=after, through=through).drop(*CHANGE_COLUMNS)

    def changes(self, *, after: int, through: int) -> DataFrame:
        files = self._log.plain_changes(after=after, through=through)
        if files is None or self._by_python:
            if self._uses_delta:
                self._require_change_feed(after=after, through=through)
            return self._change_feed(after=after, through=through)
        schema = self._log.schema(version=through)
        parts = [self._changed(kind, part, schema) for kind, part in _scans(files)]
        if parts:
            return functools.reduce(DataFrame.unionByName, parts)
        return self._spark.createDataFrame([], _with_change_columns(schema))

    def parquet(self, files: Sequence[str], schema: StructType) -> DataFrame:
        """Read few files without asking Delta for a snapshot: it would rebuild an old one in a job of its own."""
        if not files:
            return self._spark.createDataFrame([], schema)
        return self._spark.read.schema(schema).parquet(*(literal_path(file) for file in files))

    def _changed(self, kind: str, files: Sequence[ChangedFile], schema: StructType) -> DataFrame:
        rows = self.parquet([file.path for file in files], schema)
        commits = [
            part
            for file in files
            for part in (
                F.lit(file.path.rpartition("/")[2]),
                F.struct(
                    F.lit(file.version).cast("long").alias("version"),
                    F.lit(file.timestamp_ms).cast("long").alias("timestamp_ms"),
                ),
            )
        ]
        commit = F.create_map(*commits)[F.col("_metadata.file_name")]
        return rows.select(
            *map(quoted, schema.names),
            F.lit(kind).alias(CHANGE_COLUMNS[0]),
            commit["version"].alias(CHANGE_COLUMNS[1]),
            F.timestamp_millis(commit["timestamp_ms"]).alias(CHANGE_COLUMNS[2]),
        )

    def _change_feed(self, *, after: int, through: int) -> DataFrame:
        if not self._uses_delta:
            shown = _with_change_columns(schema_of_rows(self._log.at(through)))
            return change_rows(self._spark, self._path, shown, after=after, through=through)
        return (
            self._delta()
            .option("readChangeFeed", "true")
            .option("startingVersion", after + 1)
            .option("endingVersion", through)
            .load(self._path)
        )

    def _require_change_feed(self, *, after: int, through: int) -> None:
        if not self._log.feeds_changes(after=after, through=through):
            reason = "its files alone don't show them, and it had no change data feed all the time"
            raise UnreadableChangesError(path=self._path, after=after, through=through, reason=reason)

    def _delta(self) -> DataFrameReader:
        return self._spark.read.format("delta")


def _scans(files: Sequence[ChangedFile]) -> Iterator[tuple[str, Sequence[ChangedFile]]]:
    """Yield groups of one kind; a file that came or went twice is in two of them."""
    for kind in ("delete", "insert"):
        left = [file for file in files if file.kind == kind]
        while left:
            first = {file.path: file for file in reversed(left)}
            yield kind, list(first.values())
            left = [file for file in left if file is not first[file.path]]


def _with_change_columns(schema: StructType) -> StructType:
    types = (StringType(), LongType(), TimestampType())
    shown = StructType(list(schema))
    for name, data_type in zip(CHANGE_COLUMNS, types, strict=True):
        shown = shown.add(name, data_type)
    return shown
