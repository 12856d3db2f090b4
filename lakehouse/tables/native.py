"""The fast engine: Spark writes Parquet, and ``delta_log`` commits, without Delta's own jobs around each commit."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.delta_log import AddFile, Snapshot, Transaction, TransactionManager
from lakehouse.delta_log.actions import encode_path
from lakehouse.delta_log.data_files import WrittenFile, statistics_from_footer
from lakehouse.delta_log.errors import ConcurrentTransactionException, DeltaLogError
from lakehouse.delta_log.schema import schema_from_json
from lakehouse.errors import StorageError
from lakehouse.tables.delta_spark import DeltaSparkTable
from lakehouse.tables.errors import SPARK_ERRORS, TableWriteError, root_cause
from lakehouse.tables.interface import AlreadyPublished, Published, TransactionId
from lakehouse.tables.plain_schema import json_of_nullable

__all__ = ["NativeTable"]

_STAGING = "_lakehouse_staging"
"""Files that are being written; names that begin with ``_`` belong to no table."""

_MANAGER = TransactionManager()


class NativeTable(DeltaSparkTable):
    """Appends and replaces whole tables by itself; what takes more than that goes through Delta on Spark.

    A table is left to Delta where it isn't on a local disk, has partitions, properties or a protocol beyond
    (1, 2), or where the rows have another schema than it has.
    """

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        if not self._is_ours(frame.schema, schema_may_differ=False):
            return super().append(frame, transaction=transaction, evolve_schema=evolve_schema)
        return self._publish_files(frame, transaction, replace=False)

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        if not self._is_ours(frame.schema, schema_may_differ=True):
            return super().replace(frame, transaction=transaction)
        return self._publish_files(frame, transaction, replace=True)

    def _is_ours(self, schema: StructType, *, schema_may_differ: bool) -> bool:
        if "://" in self._path:
            return False
        snapshot = self._log.snapshot()
        if snapshot is None:
            return True
        return _is_simple(snapshot) and (schema_may_differ or self._has_schema(snapshot, schema))

    def _has_schema(self, snapshot: Snapshot, schema: StructType) -> bool:
        held = self._log.schema(version=snapshot.version)
        return {each.name: each.dataType.simpleString() for each in held} == {
            each.name: each.dataType.simpleString() for each in schema
        }

    def _publish_files(
        self, frame: DataFrame, transaction: TransactionId, *, replace: bool
    ) -> Published | AlreadyPublished:
        before = self.state()
        if before is not None and before.has_taken(transaction):
            return AlreadyPublished(version=before.version)
        action = "replace" if replace else "append to"
        try:
            with self._staged(frame) as files:
                return self._commit(files, frame.schema, transaction, replace=replace)
        except ConcurrentTransactionException as error:
            return self._taken_by_another(transaction, action, error)
        except SPARK_ERRORS as error:
            raise TableWriteError(path=self._path, action=action, cause=root_cause(error)) from error
        except (OSError, StorageError, DeltaLogError) as error:
            raise TableWriteError(path=self._path, action=action, cause=str(error)) from error

    @contextmanager
    def _staged(self, frame: DataFrame) -> Iterator[list[Path]]:
        folder = Path(self._path) / _STAGING / uuid.uuid4().hex
        try:
            frame.write.parquet(str(folder))
            yield sorted(folder.glob("*.parquet"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _commit(
        self, files: list[Path], schema: StructType, transaction: TransactionId, *, replace: bool
    ) -> Published | AlreadyPublished:
        change = _MANAGER.start_transaction(self._path)
        try:
            if not change.advance(transaction.application, transaction.number):
                return AlreadyPublished(version=change.read_version)
            _take_schema(change, schema, replace=replace)
            for file in files:
                self._add(change, file)
            return Published(version=_MANAGER.commit_transaction(change))
        except BaseException:
            _MANAGER.rollback_transaction(change)
            raise

    def _add(self, change: Transaction, staged: Path) -> None:
        footer = pq.read_metadata(staged)
        if footer.num_rows == 0:
            return
        final = Path(self._path) / staged.name
        os.rename(staged, final)
        status = final.stat()
        add = AddFile(
            path=encode_path(staged.name),
            partition_values={},
            size_bytes=status.st_size,
            modified_ms=status.st_mtime_ns // 1_000_000,
            data_change=True,
            stats=statistics_from_footer(footer),
        )
        change.written.append(WrittenFile(key=staged.name, add=add, rows=footer.num_rows))
        change.add(add)

    def _taken_by_another(
        self, transaction: TransactionId, action: str, error: ConcurrentTransactionException
    ) -> AlreadyPublished:
        now = self.state()
        if now is not None and now.has_taken(transaction):
            return AlreadyPublished(version=now.version)
        raise TableWriteError(path=self._path, action=action, cause=str(error)) from error


def _take_schema(change: Transaction, schema: StructType, *, replace: bool) -> None:
    """Create the table, or see to it that it has the rows' schema; a replacement takes all files away."""
    text = json_of_nullable(schema)
    if not change.exists:
        change.create(schema_from_json(text, table=change.table))
    elif replace:
        change.read_whole_table()
        for path in change.live_files.paths():
            change.remove(path)
        if change.metadata.schema_string != text:
            change.append_action(msgspec.structs.replace(change.metadata, schema_string=text))
    change.operation = "WRITE"
    change.operation_parameters = {"mode": "Overwrite" if replace else "Append", "partitionBy": "[]"}


def _is_simple(snapshot: Snapshot) -> bool:
    protocol = snapshot.protocol
    configured: Mapping[str, str | None] = snapshot.properties
    return (
        (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
        and not snapshot.partition_columns
        and not any(key.startswith("delta.") for key in configured)
    )
