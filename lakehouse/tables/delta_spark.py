"""The engine that can do all that Delta can: Spark with delta-spark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, DataFrameReader, SparkSession

from lakehouse.tables.errors import SPARK_ERRORS, TableWriteError, root_cause
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import AlreadyPublished, Published, TableState, TransactionId
from lakehouse.tables.log import TableLog
from lakehouse.tables.paths import literal_path

__all__ = ["DeltaSparkTable"]

_CHANGE_FEED = {"delta.enableChangeDataFeed": "true"}
"""Set when a table is created: incremental readers need it, and appends cost nothing more with it."""

_MERGE_TRANSACTION = threading.Lock()
"""A merge takes its transaction from the session's settings, which all threads share."""


class DeltaSparkTable:
    """A Delta table in a folder, through Spark. Keeps every promise of IWritableDeltaTable."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._spark = spark
        self._path = path
        self._log = TableLog(path)

    def __repr__(self) -> str:
        return f"DeltaSparkTable({self._path!r})"

    @property
    def path(self) -> str:
        return self._path

    def state(self) -> TableState | None:
        return self._log.state()

    def read(self, *, version: int) -> DataFrame:
        files = self._log.plain_files(version=version)
        if files is not None:
            return self._parquet(files, version)
        return self._reader().option("versionAsOf", version).load(self._path)

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        if after < 0:
            return self.read(version=through)
        files = self._log.plain_files_added(after=after, through=through)
        if files is not None:
            return self._parquet(files, through)
        changes = (
            self._reader()
            .option("readChangeFeed", "true")
            .option("startingVersion", after + 1)
            .option("endingVersion", through)
            .load(self._path)
        )
        return changes.drop("_change_type", "_commit_version", "_commit_timestamp")

    def _parquet(self, files: Sequence[str], version: int) -> DataFrame:
        """Read few files without asking Delta for a snapshot: it would rebuild an old one in a job of its own."""
        schema = self._log.schema(version=version)
        if not files:
            return self._spark.createDataFrame([], schema)
        return self._spark.read.schema(schema).parquet(*(literal_path(file) for file in files))

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        options = {"mergeSchema": "true"} if evolve_schema else {}
        return self._save(frame, "append to", "append", transaction, options)

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        return self._save(frame, "replace", "overwrite", transaction, {"overwriteSchema": "true"})

    def merge(
        self, frame: DataFrame, *, keys: Sequence[str], transaction: TransactionId
    ) -> Published | AlreadyPublished:
        if self.state() is None:
            return self.append(frame, transaction=transaction)
        match = " AND ".join(f"target.{quoted(key)} <=> source.{quoted(key)}" for key in keys)

        def write() -> None:
            target = DeltaTable.forPath(self._spark, self._path).alias("target")
            merge = target.merge(frame.alias("source"), match)
            with _MERGE_TRANSACTION, _transaction_in_session(self._spark, transaction):
                merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()

        return self._publish("merge into", transaction, write)

    def _save(
        self,
        frame: DataFrame,
        action: str,
        mode: str,
        transaction: TransactionId,
        options: Mapping[str, str],
    ) -> Published | AlreadyPublished:
        writer = frame.write.format("delta").mode(mode).options(**options)
        writer = writer.option("txnAppId", transaction.application).option("txnVersion", transaction.number)
        if mode == "append" and self.state() is None:
            writer = writer.options(**_CHANGE_FEED)
        return self._publish(action, transaction, lambda: writer.save(self._path))

    def _publish(
        self, action: str, transaction: TransactionId, write: Callable[[], None]
    ) -> Published | AlreadyPublished:
        before = self.state()
        if before is not None and before.has_taken(transaction):
            return AlreadyPublished(version=before.version)
        try:
            write()
        except SPARK_ERRORS as error:
            # Another attempt at the same work may have won, or our own commit's answer was lost: the log decides.
            now = self.state()
            if now is not None and now.has_taken(transaction):
                return AlreadyPublished(version=now.version)
            raise TableWriteError(path=self._path, action=action, cause=root_cause(error)) from error
        after = self.state()
        if after is None or not after.has_taken(transaction):
            raise TableWriteError(path=self._path, action=action, cause="the commit is not in the log")
        return Published(version=after.version)

    def _reader(self) -> DataFrameReader:
        return self._spark.read.format("delta")


@contextmanager
def _transaction_in_session(spark: SparkSession, transaction: TransactionId) -> Iterator[None]:
    settings = {
        "spark.databricks.delta.write.txnAppId": transaction.application,
        "spark.databricks.delta.write.txnVersion": str(transaction.number),
    }
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in settings:
            spark.conf.unset(key)
