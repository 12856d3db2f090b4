"""One staged file, wherever it lies: how it becomes a file of its table."""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from lakehouse.storage import AbstractStorageService, storage_for

__all__ = ["LocalStagedFile", "StagedFile", "StoredStagedFile"]


class StagedFile(Protocol):
    """A Parquet file that another attempt may publish too: so it stays where it is."""

    def put_in(self, table_path: str) -> str:
        """Give its content a name of this attempt's own in the table's folder, and return the key."""


@dataclass(frozen=True, slots=True)
class LocalStagedFile:
    """On this machine's disk, as the table is."""

    path: Path

    def put_in(self, table_path: str) -> str:
        name = _new_name(self.path.suffix)
        _link_durably(self.path, Path(table_path) / name)
        return name


@dataclass(frozen=True, slots=True)
class StoredStagedFile:
    """In the table's store, which copies it by itself."""

    folder: AbstractStorageService
    """Where it lies, below the table's folder."""
    key: str

    def put_in(self, table_path: str) -> str:
        name, table = _new_name(PurePosixPath(self.key).suffix), storage_for(table_path)
        staged = self.folder.uri(self.key).removeprefix(table.uri()).lstrip("/")
        table.copy(staged, name)
        return name


def _new_name(suffix: str) -> str:
    return f"part-{uuid.uuid4()}{suffix}"


def _link_durably(file: Path, target: Path) -> None:
    """Give a file a second name, and see to it that both name and content survive a power cut."""
    try:
        os.link(file, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, target)
    for path in (target, target.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
