"""The engine that can do all that Delta can: Spark with delta-spark."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.delta_log import TableProperties
from lakehouse.tables.arrow_table import ArrowTable
from lakehouse.tables.changed_types import changed_types, new_parts
from lakehouse.tables.description import comments_of
from lakehouse.tables.errors import SPARK_ERRORS, TableWriteError, root_cause
from lakehouse.tables.fences import put_fence
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.in_session import TableInSession
from lakehouse.tables.interface import (
    AlreadyPublished,
    MergePlan,
    Published,
    progress_in,
)
from lakehouse.tables.python_files import schema_of_rows
from lakehouse.tables.sql_types import sql_type
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["DeltaSparkTable"]

_COLUMN_MAPPING = "delta.columnMapping.mode"
_CHANGE_FEED = {"delta.enableChangeDataFeed": "true"}
"""Set when a table is created: incremental readers need it, and it costs an append nothing.

Not where columns are mapped, for Delta creates no table with both and rows, and takes no column out of such a one.
"""

_TYPE_WIDENING = "'delta.enableTypeWidening' = 'true'"

_DELETE_ATTEMPTS = 10
_CONFLICT = "DELTA_CONCURRENT"
"""Begins the conditions of Delta's errors for a commit that another one got ahead of."""

_MERGE_TRANSACTION = threading.Lock()
"""A merge takes its transaction from the session's settings, which all threads share."""


class DeltaSparkTable(TableInSession):
    """A Delta table in a folder, through Spark. Keeps every promise of IWritableDeltaTable."""

    def delete(self, condition: str) -> None:
        for attempt in range(_DELETE_ATTEMPTS):
            try:
                self._spark.sql(f"DELETE FROM {self._name} WHERE {condition}")  # noqa: S608 - as Delta's own delete()
            except SPARK_ERRORS as error:
                if _CONFLICT in str(error) and attempt + 1 < _DELETE_ATTEMPTS:
                    continue  # somebody else got ahead, perhaps with the same rows
                raise TableWriteError(
                    path=self._path, action="delete from", cause=root_cause(error)
                ) from error
            return

    def compact(self) -> None:
        try:
            self._spark.sql(f"OPTIMIZE {self._name}")
        except SPARK_ERRORS as error:
            raise TableWriteError(path=self._path, action="compact", cause=root_cause(error)) from error

    def take_schema(self, schema: StructType, *, add_columns: bool) -> None:
        state = self.state()
        if state is None:
            return
        wider = list(changed_types(state.schema, schema))
        try:
            if add_columns:
                self._add_parts(schema, state.schema)
            if wider:
                self._spark.sql(f"ALTER TABLE {self._name} SET TBLPROPERTIES ({_TYPE_WIDENING})")
            for each in wider:
                self._spark.sql(
                    f"ALTER TABLE {self._name} ALTER COLUMN {each.path} TYPE {sql_type(each.wanted)}"
                )
        except SPARK_ERRORS as error:
            raise TableWriteError(
                path=self._path, action="change the schema of", cause=root_cause(error)
            ) from error

    def rename_columns(self, names: Mapping[str, str]) -> None:
        state = self.state()
        held = () if state is None else state.schema.names
        due = {old: new for old, new in names.items() if old in held and new not in held}
        if not due:
            return
        try:
            self._spark.sql(f"ALTER TABLE {self._name} SET TBLPROPERTIES ('{_COLUMN_MAPPING}' = 'name')")
            for old, new in due.items():
                self._spark.sql(f"ALTER TABLE {self._name} RENAME COLUMN {quoted(old)} TO {quoted(new)}")
        except SPARK_ERRORS as error:
            raise TableWriteError(
                path=self._path, action="rename columns of", cause=root_cause(error)
            ) from error

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        if self.state() is None and _has_both(self._layout.properties):
            return self._by_our_log.append(frame, transaction=transaction)
        options = {"mergeSchema": "true"} if evolve_schema else {}
        if evolve_schema and self._grows(frame.schema):
            self._spark.sql(f"ALTER TABLE {self._name} SET TBLPROPERTIES ({_TYPE_WIDENING})")
        return self._save(frame, "append to", "append", transaction, options)

    def _grows(self, schema: StructType) -> bool:
        """Say whether columns of the table, which Delta has to be asked for once, get wider types."""
        state = self.state()
        return state is not None and any(each.widens for each in changed_types(state.schema, schema))

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        if self._drops_columns_beside_a_feed(frame.schema):
            return self._by_our_log.replace(frame, transaction=transaction)
        frame = self._with_comments(frame)
        return self._save(frame, "replace", "overwrite", transaction, {"overwriteSchema": "true"})

    @property
    def _by_our_log(self) -> ArrowTable:
        """What writes where Delta does not: rows, a change feed and other columns of a mapped table in one commit."""
        return ArrowTable(self._spark, self._path, log=self._log, layout=self._layout)

    def _drops_columns_beside_a_feed(self, schema: StructType) -> bool:
        snapshot = self._log.snapshot()
        if snapshot is None:
            return _has_both(self._layout.properties)
        if not _has_both(snapshot.properties):
            return False
        types = {each.name.lower(): each.dataType.simpleString() for each in schema}
        held = schema_of_rows(snapshot)
        return any(types.get(each.name.lower()) != each.dataType.simpleString() for each in held)

    def _with_comments(self, frame: DataFrame) -> DataFrame:
        """Return the frame with the comments that its columns have in the table."""
        if (state := self.state()) is None:
            return frame
        for name, comment in comments_of(state.schema).items():
            if name in frame.columns and name not in comments_of(frame.schema):
                frame = frame.withMetadata(name, {**frame.schema[name].metadata, "comment": comment})
        return frame

    def replace_where(
        self, frame: DataFrame, condition: str, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return self._save(frame, "replace rows of", "overwrite", transaction, {"replaceWhere": condition})

    def merge(
        self, frame: DataFrame, plan: MergePlan, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        state = self.state()
        if state is None:
            return self.append(_without_removed(frame, plan), transaction=transaction)
        match = " AND ".join(f"target.{quoted(key)} <=> source.{quoted(key)}" for key in plan.keys)
        clauses = _merge_clauses(frame.columns, plan)

        def write() -> None:
            if plan.removed is not None:
                shown = StructType([each for each in frame.schema if each.name != plan.removed])
                self._add_parts(shown, state.schema)
            with (
                _named(frame) as source,
                _MERGE_TRANSACTION,
                _transaction_in_session(self._spark, transaction),
            ):
                self._spark.sql(
                    f"MERGE INTO {self._name} AS target USING {source} AS source ON {match} {clauses}"
                )

        return self._publish("merge into", transaction, write)

    def _add_parts(self, wanted: StructType, held: StructType) -> None:
        """Add what the table lacks, in a commit of its own: Delta's MERGE adds nothing beside a DELETE."""
        columns = ", ".join(f"{each.path} {sql_type(each.type)}" for each in new_parts(held, wanted))
        if columns:
            self._spark.sql(f"ALTER TABLE {self._name} ADD COLUMNS ({columns})")

    @property
    def _name(self) -> str:
        """The table in SQL: Delta's Python classes would need jars of their own on a Connect server."""
        return f"delta.{quoted(self._path)}"

    def _save(
        self,
        frame: DataFrame,
        action: str,
        mode: str,
        transaction: TransactionId,
        options: Mapping[str, str],
    ) -> Published | AlreadyPublished:
        if self._layout.partition_by:
            # Else each task would write a file into each partition.
            frame = frame.hint("rebalance", *(F.col(quoted(name)) for name in self._layout.partition_by))
        writer = frame.write.format("delta").mode(mode).options(**options)
        writer = writer.option("txnAppId", transaction.application).option("txnVersion", transaction.number)
        if self.state() is None:
            feed = _CHANGE_FEED if mode == "append" and not _is_mapped(self._layout.properties) else {}
            writer = writer.options(**{**feed, **self._layout.properties})
            # A table that somebody else creates meanwhile is not to be added to unseen.
            writer = writer.mode("errorifexists")
        if self._layout.partition_by:
            writer = writer.partitionBy(*self._layout.partition_by)
        elif self._layout.cluster_by and self.state() is None:
            writer = writer.clusterBy(*self._layout.cluster_by)
        return self._publish(action, transaction, lambda: writer.save(self._path))

    def _publish(
        self, action: str, transaction: TransactionId, write: Callable[[], None]
    ) -> Published | AlreadyPublished:
        before = self.state()
        if before is not None and before.has_taken(transaction):
            return AlreadyPublished(version=before.version)
        progress = progress_in(before, transaction.application)
        progress.check_order(transaction, path=self._path)
        if before is not None and progress.needs_fence(transaction):
            put_fence(self._path, transaction)
        try:
            write()
        except SPARK_ERRORS as error:
            # Another attempt at the same work may have won, or our own commit's answer was lost: the log decides.
            now = self.state()
            if now is not None and now.has_taken(transaction):
                return AlreadyPublished(version=now.version)
            progress_in(now, transaction.application).check_order(transaction, path=self._path)
            raise TableWriteError(path=self._path, action=action, cause=root_cause(error)) from error
        after = self.state()
        if after is None or not after.has_taken(transaction):
            progress_in(after, transaction.application).check_order(transaction, path=self._path)
            raise TableWriteError(path=self._path, action=action, cause="the commit is not in the log")
        return Published(version=after.version)


def _is_mapped(properties: Mapping[str, str | None]) -> bool:
    return (properties.get(_COLUMN_MAPPING) or "none").lower() != "none"


def _has_both(properties: Mapping[str, str | None]) -> bool:
    """Say whether a table maps its columns and writes down its changes.

    Delta's word for what it then refuses is DELTA_BLOCK_COLUMN_MAPPING_AND_CDC_OPERATION.
    """
    return _is_mapped(properties) and TableProperties(properties).is_on("delta.enableChangeDataFeed")


def _without_removed(frame: DataFrame, plan: MergePlan) -> DataFrame:
    return frame if plan.removed is None else frame.where(~F.col(plan.removed)).drop(plan.removed)


def _merge_clauses(columns: Sequence[str], plan: MergePlan) -> str:
    """Return what becomes of rows that match and of those that don't; columns that the table lacks come to it."""
    if plan.removed is None:
        return "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    names = [quoted(name) for name in columns if name != plan.removed]
    removed = f"source.{quoted(plan.removed)}"
    updates = ", ".join(f"target.{name} = source.{name}" for name in names)
    values = ", ".join(f"source.{name}" for name in names)
    return " ".join(
        (
            f"WHEN MATCHED AND {removed} THEN DELETE",
            f"WHEN MATCHED THEN UPDATE SET {updates}",
            f"WHEN NOT MATCHED AND NOT {removed} THEN INSERT ({', '.join(names)}) VALUES ({values})",  # noqa: S608 - names are quoted
        )
    )


@contextmanager
def _named(frame: DataFrame) -> Iterator[str]:
    """Give the frame a name in SQL, for a while."""
    name = f"lakehouse_{uuid.uuid4().hex}"
    frame.createTempView(name)
    try:
        yield name
    finally:
        frame.sparkSession.catalog.dropTempView(name)


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
