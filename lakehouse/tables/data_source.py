"""Tables as ``spark.read.format("lakehouse")`` and ``df.write.format("lakehouse")``, without a jar of Delta's.

Python workers read and write the files and Python commits, so it takes every table that ``delta_log`` takes, also over
Spark Connect, where the server needs this package. The engines are faster where they can be used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceReader,
    InputPartition,
    WriterCommitMessage,
)
from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    DefinitionChangedError,
    ScanPart,
    SharedWrite,
    Snapshot,
    TransactionManager,
    WriteKind,
    WrittenFile,
    scan_parts,
    schema_from_json,
)
from lakehouse.errors import ConfigurationError
from lakehouse.tables.plain_schema import json_of_nullable
from lakehouse.tables.python_files import buffered, schema_of_rows

__all__ = ["LakehouseDataSource", "register_data_source"]

_NAME = "lakehouse"


def register_data_source(spark: SparkSession) -> None:
    """Make the format ``lakehouse`` known to a session, which may be one of Spark Connect."""
    spark.dataSource.register(LakehouseDataSource)


class LakehouseDataSource(DataSource):
    """One Delta table. Modes are ``append`` and ``overwrite``; ``path`` is its folder, here or in a store.

    Options of reading: ``versionAsOf``. Of writing: ``mergeSchema`` and ``overwriteSchema`` (``true``), ``txnAppId``
    with ``txnVersion`` as Delta has them, and for a table that is created ``partitionBy`` (names, separated by
    commas) and ``properties`` (a JSON object: Spark forgets the case of an option's name).
    """

    @classmethod
    def name(cls) -> str:
        return _NAME

    def schema(self) -> StructType:
        return schema_of_rows(self._snapshot())

    def reader(self, schema: StructType) -> DataSourceReader:
        return _Reader(self._snapshot(), schema)

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:
        piece = _Piece.of(self.options)
        kind = WriteKind.OVERWRITE if overwrite else WriteKind.APPEND
        transaction = TransactionManager(durable=True).start_transaction(self._path)
        names = (self.options.get("partitionBy") or "").split(",")
        plan = transaction.plan_shared_write(
            schema_from_json(json_of_nullable(schema), table=self._path),
            kind=kind,
            new_schema=self._is_on("overwriteSchema" if overwrite else "mergeSchema"),
            partition_by=[name.strip() for name in names if name.strip()],
            properties=json.loads(self.options.get("properties") or "{}"),
        )
        return _Writer(plan, piece)

    @property
    def _path(self) -> str:
        path = self.options.get("path")
        if not path:
            raise ConfigurationError(
                f"the format {_NAME!r} has no path.", fix="name the table's folder: load(path), save(path)."
            )
        if "://" not in path and not PurePath(path).is_absolute():
            raise ConfigurationError(
                f"the path {path!r} of the format {_NAME!r} is relative, and workers have folders of their own.",
                fix="give the whole path, or a URL.",
            )
        return str(path)

    def _snapshot(self) -> Snapshot:
        version = self.options.get("versionAsOf")
        if version is not None and not version.isdecimal():
            raise ConfigurationError(
                f"the option versionAsOf is {version!r}, expected a whole number.",
                fix="give the number of a version, or leave it out.",
            )
        return Snapshot.load(self._path, None if version is None else int(version))

    def _is_on(self, option: str) -> bool:
        return str(self.options.get(option, "false")).lower() == "true"


@dataclass
class _Files(InputPartition):
    part: ScanPart


class _Reader(DataSourceReader):
    def __init__(self, snapshot: Snapshot, schema: StructType) -> None:
        self._parts = list(scan_parts(snapshot))
        self._names = schema.names

    def partitions(self) -> Sequence[InputPartition]:
        # Spark reads one partition with None where it is given none.
        return [_Files(part) for part in self._parts] or [_NoFiles(None)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        if isinstance(partition, _Files):
            for rows in partition.part.tables():
                yield from rows.select(self._names).to_batches()


class _NoFiles(InputPartition):
    pass


@dataclass(frozen=True)
class _Piece:
    """A piece of an application's work, which no table takes twice."""

    application: str
    number: int

    @classmethod
    def of(cls, options: Mapping[str, str]) -> _Piece | None:
        """Return what the options name; None where they name nothing. Raises ConfigurationError for half of it."""
        application, number = options.get("txnAppId"), options.get("txnVersion")
        if application is None and number is None:
            return None
        if application is None or number is None or not number.isdecimal():
            raise ConfigurationError(
                f"the options txnAppId={application!r} and txnVersion={number!r} name no piece of work.",
                fix="give both, the second as a whole number that grows.",
            )
        return cls(application, int(number))


@dataclass
class _Wrote(WriterCommitMessage):
    files: Sequence[WrittenFile]


class _Writer(DataSourceArrowWriter):
    def __init__(self, plan: SharedWrite, piece: _Piece | None) -> None:
        self._plan = plan
        self._piece = piece

    def write(self, iterator: Iterator[pa.RecordBatch]) -> WriterCommitMessage:
        written: list[WrittenFile] = []
        try:
            for rows in buffered(iterator):
                written += self._plan.write(rows)
        except BaseException:
            self._plan.discard(written)
            raise
        return _Wrote(written)

    def commit(self, messages: Sequence[Any]) -> None:
        files = [file for message in messages if message is not None for file in message.files]
        piece = self._piece
        with TransactionManager(durable=True).transaction(self._plan.table) as transaction:
            if piece is not None and not transaction.advance(piece.application, piece.number):
                self._plan.discard(files)
                return
            try:
                transaction.take_shared_write(self._plan, files)
            except DefinitionChangedError:
                self._plan.discard(files)
                raise

    def abort(self, messages: Sequence[Any]) -> None:
        # Where every task wrote, the commit failed: its transaction has kept the files if they may be in the log.
        if None in messages:
            for message in filter(None, messages):
                self._plan.discard(message.files)
