"""Where files of one batch are gathered before they are published: beside their table, on a disk or in a store."""

from __future__ import annotations

import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql.types import StructType

from lakehouse.storage import storage_for
from lakehouse.tables.staging import STAGING_FOLDER, StagedRows

__all__ = ["StagingFolder", "staging_folder"]

_CHUNK_BYTES = 8 << 20


class StagingFolder(ABC):
    """Takes Parquet files that lie on this machine. It counts as staged only when it is finished."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._row_count = 0

    def take(self, file: Path, row_count: int) -> None:
        """Move a file that has so many rows into the folder; one without rows stays where it is."""
        if row_count:
            self._take(file)
            self._row_count += row_count

    def finish(self, schema: StructType) -> StagedRows:
        """Say that all files are there, and return their rows."""
        self._finish()
        return StagedRows(
            folder=self._folder, row_count=self._row_count, schema_json=json.loads(schema.json())
        )

    @abstractmethod
    def _take(self, file: Path) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...


class _LocalFolder(StagingFolder):
    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        Path(folder).mkdir(parents=True)

    def _take(self, file: Path) -> None:
        file.rename(Path(self._folder) / file.name)

    def _finish(self) -> None:
        (Path(self._folder) / "_SUCCESS").touch()


class _StoredFolder(StagingFolder):
    def _take(self, file: Path) -> None:
        storage_for(self._folder).write(file.name, _chunks(file))
        file.unlink()

    def _finish(self) -> None:
        storage_for(self._folder).write("_SUCCESS", b"")


def staging_folder(table_path: str) -> StagingFolder:
    """Return a new folder beside the rows of a table; an empty one is removed with the table's other staged rows."""
    folder = f"{table_path}/{STAGING_FOLDER}/{uuid.uuid4().hex}"
    return _StoredFolder(folder) if "://" in folder else _LocalFolder(folder)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk
