"""Rows that are written and not yet part of a table: Parquet files beside it, under a name that no reader looks at."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.storage import storage_for
from lakehouse.tables.paths import literal_path
from lakehouse.tables.staged_by_python import is_for_python, read_by_python, write_by_python
from lakehouse.tables.staged_files import LocalStagedFile, StagedFile, StoredStagedFile

__all__ = ["STAGING_FOLDER", "StagedRows", "sweep_staging"]

STAGING_FOLDER = "_lakehouse_staging"
"""Below a table's folder; names that begin with ``_`` belong to no table."""

_NOBODYS_AFTER = dt.timedelta(days=7)
"""How long a folder that nobody names is left to the process that may be writing it."""
_SUCCESS = "_SUCCESS"
"""The file that says that all others are there, as Hadoop names it."""
_MARKS_SUCCESS = "mapreduce.fileoutputcommitter.marksuccessfuljobs"


class StagedRows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that were computed once and can be published later, also by another process, as often as it takes."""

    folder: str
    """As Spark takes it."""
    row_count: int
    """As the files themselves say."""
    schema_json: dict[str, Any]

    @classmethod
    def write(cls, frame: DataFrame, table_path: str) -> StagedRows:
        """Compute the rows and write them."""
        folder = f"{table_path}/{STAGING_FOLDER}/{uuid.uuid4().hex}"
        try:
            count = _written(frame, folder)
        except BaseException:
            _remove(folder)
            raise
        return cls(folder=folder, row_count=count, schema_json=json.loads(frame.schema.json()))

    @property
    def schema(self) -> StructType:
        """The schema of the rows."""
        return StructType.fromJson(self.schema_json)

    @property
    def is_local(self) -> bool:
        """Whether the files lie on this machine's disk."""
        return "://" not in self.folder

    def files(self) -> Sequence[StagedFile]:
        """Return the files that hold rows; in a store, those that may."""
        if self.is_local:
            files = sorted(Path(self.folder).glob("*.parquet"))
            return [LocalStagedFile(file) for file in files if pq.read_metadata(file).num_rows]
        storage = storage_for(self.folder)
        keys = [stat.key for stat in storage.list("")]
        return [StoredStagedFile(storage, key) for key in keys if key.endswith(".parquet")]

    def exist(self) -> bool:
        """Say whether the files are still there."""
        if self.is_local:
            return (Path(self.folder) / _SUCCESS).exists()
        return storage_for(self.folder).exists(_SUCCESS)

    def are_whole(self) -> bool:
        """Say whether the files are there, and hold as many rows as were written."""
        if not self.exist():
            return False
        if not self.is_local:
            return True
        try:
            found = sum(pq.read_metadata(file).num_rows for file in Path(self.folder).glob("*.parquet"))
        except (OSError, pa.ArrowInvalid):
            return False
        return bool(found == self.row_count)

    def frame(self, spark: SparkSession) -> DataFrame:
        """Return the rows, read back."""
        if is_for_python(spark, self.folder):
            return read_by_python(spark, self.folder, self.schema)
        return spark.read.schema(self.schema).parquet(literal_path(self.folder))

    def discard(self) -> None:
        """Delete the files: the rows are published, or nobody wants them."""
        _remove(self.folder)


def _written(frame: DataFrame, folder: str) -> int:
    """Write the rows below a folder, and then the file that says so; return how many they are."""
    if "://" not in folder:
        # For each file that Hadoop creates on a disk, it starts two processes that set its permissions.
        frame.write.option(_MARKS_SUCCESS, "false").parquet(folder)
        (Path(folder) / _SUCCESS).touch()
        return _row_count(folder)
    if is_for_python(frame.sparkSession, folder):
        count = write_by_python(frame, folder)
        storage_for(folder).write(_SUCCESS, b"")
        return count
    frame.write.parquet(folder)
    return frame.sparkSession.read.parquet(literal_path(folder)).count()


def _row_count(folder: str) -> int:
    return sum(pq.read_metadata(file).num_rows for file in Path(folder).glob("*.parquet"))


def _remove(folder: str) -> None:
    if "://" not in folder:
        shutil.rmtree(folder, ignore_errors=True)
        return
    storage = storage_for(folder)
    for stat in storage.list(""):
        storage.delete(stat.key)


def sweep_staging(table_path: str, *, named: Collection[str]) -> None:
    """Remove what killed processes staged for a table: folders that no note names, and nobody wrote to for a week."""
    before = dt.datetime.now(dt.UTC) - _NOBODYS_AFTER
    for folder, changed in _staged_folders(f"{table_path}/{STAGING_FOLDER}").items():
        if changed < before.timestamp() and folder not in named:
            _remove(folder)


def _staged_folders(staging: str) -> dict[str, float]:
    """Return the folders with the time of their last change, in seconds."""
    found: dict[str, float] = {}
    if "://" not in staging:
        for each in Path(staging).iterdir() if Path(staging).is_dir() else ():
            with suppress(FileNotFoundError):  # its own run has just published it
                found[f"{staging}/{each.name}"] = each.stat().st_mtime
        return found
    for stat in storage_for(staging).list(""):
        folder = f"{staging}/{stat.key.partition('/')[0]}"
        found[folder] = max(found.get(folder, 0.0), stat.modified_ms / 1000)
    return found
