"""The fast engine: Spark writes Parquet, and ``delta_log`` commits, without Delta's own jobs around each commit."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    Predicate,
    Snapshot,
    WriteKind,
)
from lakehouse.tables.adopting import Rewrite, publish_files, publish_rewrite
from lakehouse.tables.arrow_table import ArrowTable
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.delta_in_session import has_delta
from lakehouse.tables.delta_spark import DeltaSparkTable
from lakehouse.tables.errors import SPARK_ERRORS, TableWriteError, root_cause
from lakehouse.tables.interface import (
    AlreadyPublished,
    IWritableDeltaTable,
    MergePlan,
    Published,
    TableState,
    progress_in,
)
from lakehouse.tables.layout import PLAIN_LAYOUT, TableLayout
from lakehouse.tables.log import TableLog
from lakehouse.tables.native_merge import FileMerge
from lakehouse.tables.plain_schema import is_nullable
from lakehouse.tables.staging import StagedRows
from lakehouse.tables.transaction_id import TransactionId

__all__ = ["NativeTable"]

_MERGE_ATTEMPTS = 3
_OF_UPKEEP = frozenset({"delta.targetFileSize", "delta.deletedFileRetentionDuration"})
"""Properties that say nothing about how rows are written."""


class NativeTable:
    """Appends, replaces and merges by itself; what takes more than that goes to its fallback.

    That is Delta on Spark, and in a session without Delta's jars ``ArrowTable``.
    A table is left to it where it isn't on a local disk, has partitions, properties, columns that must not be
    null or a protocol beyond (1, 2), or where the rows have another schema than it has.
    """

    def __init__(self, spark: SparkSession, path: str, *, layout: TableLayout = PLAIN_LAYOUT) -> None:
        self._spark = spark
        self._path = path
        self._log = TableLog(path)
        self._layout = layout
        fallback = DeltaSparkTable if has_delta(spark) else ArrowTable
        self._fallback = fallback(spark, path, log=self._log, layout=layout)
        self._staged: tuple[DataFrame, StagedRows] | None = None

    def __repr__(self) -> str:
        return f"NativeTable({self._path!r})"

    @property
    def path(self) -> str:
        return self._path

    def state(self) -> TableState | None:
        return self._log.state()

    def read(
        self, *, version: int, columns: Sequence[str] | None = None, where: Predicate | None = None
    ) -> DataFrame:
        return self._fallback.read(version=version, columns=columns, where=where)

    def read_files(self, files: Candidates, *, version: int) -> DataFrame:
        return self._fallback.read_files(files, version=version)

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        return self._fallback.rows_added(after=after, through=through)

    def changes(self, *, after: int, through: int) -> DataFrame:
        return self._fallback.changes(after=after, through=through)

    def stage(self, frame: DataFrame, *, expected_bytes: int | None = None) -> StagedRows:
        return self._fallback.stage(frame, expected_bytes=expected_bytes)

    def with_staged(self, staged: StagedRows) -> tuple[IWritableDeltaTable, DataFrame]:
        table, frame = copy.copy(self), staged.frame(self._spark)
        table._staged = (frame, staged)
        return table, frame

    def delete(self, condition: str) -> None:
        self._fallback.delete(condition)

    def replace_where(
        self, frame: DataFrame, condition: str, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return self._fallback.replace_where(frame, condition, transaction=transaction)

    def compact(self) -> None:
        self._fallback.compact()

    def merge(
        self, frame: DataFrame, plan: MergePlan, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        marked = plan.removed is not None and plan.removed in frame.columns
        before = self.state()
        if before is None and not marked:
            return self.append(frame, transaction=transaction)
        shown = frame.drop(plan.removed) if plan.removed is not None else frame
        if before is None or not self._is_ours(shown.schema, schema_may_differ=False):
            return self._fallback.merge(frame, plan, transaction=transaction)
        if before.has_taken(transaction):
            return AlreadyPublished(version=before.version)
        plan = plan if marked else MergePlan(keys=plan.keys)
        for _ in range(_MERGE_ATTEMPTS):
            if (published := self._merge(frame, plan, shown.schema, transaction)) is not None:
                return published
        # Others write so often that the table is never as it was read.
        return self._fallback.merge(frame, plan, transaction=transaction)

    def _merge(
        self, frame: DataFrame, plan: MergePlan, schema: StructType, taken: TransactionId
    ) -> Published | AlreadyPublished | None:
        """Merge into the table as it is now; None where it changed meanwhile, or takes more than files can tell."""
        log = TableLog(self._path)  # another may look at other versions at the same time
        merge = FileMerge(spark=self._spark, log=log, reader=self._fallback.reader)
        staged: list[StagedRows] = []

        def rewrite(version: int) -> Rewrite | None:
            made = merge.of(frame, plan, version=version)
            if made is None:
                return None
            staged.append(self.stage(made.rows))
            return Rewrite(removed=made.removed, added=staged[-1].files(), schema=schema)

        try:
            return publish_rewrite(log, taken, rewrite)
        except SPARK_ERRORS as error:
            raise TableWriteError(path=self._path, action="merge into", cause=root_cause(error)) from error
        finally:
            for each in staged:
                each.discard()

    def take_schema(self, schema: StructType, *, add_columns: bool) -> None:
        self._fallback.take_schema(schema, add_columns=add_columns)

    def rename_columns(self, names: Mapping[str, str]) -> None:
        self._fallback.rename_columns(names)

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        if not self._is_ours(frame.schema, schema_may_differ=False):
            return self._fallback.append(frame, transaction=transaction, evolve_schema=evolve_schema)
        return self._publish(frame, transaction, WriteKind.APPEND)

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        if not self._is_ours(frame.schema, schema_may_differ=True):
            return self._fallback.replace(frame, transaction=transaction)
        return self._publish(frame, transaction, WriteKind.OVERWRITE)

    def _is_ours(self, schema: StructType, *, schema_may_differ: bool) -> bool:
        if "://" in self._path:
            return False
        snapshot = self._log.snapshot()
        if snapshot is None:
            return self._layout.is_plain
        if schema_may_differ and self._layout.partition_by:
            return False  # a table that is written whole gets the partitions that are declared
        return _is_simple(snapshot) and (schema_may_differ or self._takes(snapshot, schema))

    def _takes(self, snapshot: Snapshot, schema: StructType) -> bool:
        held = self._log.schema(version=snapshot.version)
        types = {each.name: each.dataType.simpleString() for each in held}
        return is_nullable(held) and types == {each.name: each.dataType.simpleString() for each in schema}

    def _publish(
        self, frame: DataFrame, transaction: TransactionId, kind: WriteKind
    ) -> Published | AlreadyPublished:
        before = self.state()
        if before is not None and before.has_taken(transaction):
            return AlreadyPublished(version=before.version)
        progress_in(before, transaction.application).check_order(transaction, path=self._path)
        try:
            with self._rows_to_adopt(frame) as staged:
                return publish_files(self._log, staged.files(), frame.schema, transaction, kind)
        except SPARK_ERRORS as error:
            action = "replace" if kind is WriteKind.OVERWRITE else "append to"
            raise TableWriteError(path=self._path, action=action, cause=root_cause(error)) from error

    @contextmanager
    def _rows_to_adopt(self, frame: DataFrame) -> Iterator[StagedRows]:
        if self._staged is not None and frame is self._staged[0]:
            yield self._staged[1]
            return
        staged = self.stage(frame)
        try:
            yield staged
        finally:
            staged.discard()


def _is_simple(snapshot: Snapshot) -> bool:
    protocol = snapshot.protocol
    return (
        (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
        and not snapshot.partition_columns
        and not any(key.startswith("delta.") and key not in _OF_UPKEEP for key in snapshot.properties)
    )
