"""The log folder of a table on a local disk, as those protocols see it that publish files into it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.delta_log.commit_protocols.spark_guard import SparkGuard
from lakehouse.delta_log.errors import CommitRefusedError
from lakehouse.delta_log.log_segment import LOG_FOLDER, commit_key
from lakehouse.errors import StorageError

__all__ = ["LocalLog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CommitFile:
    body: bytes
    identity: tuple[int, int, int, int]


class LocalLog:
    """ReadSet commits that will stay, and knows whether a file is the one that was published."""

    def __init__(self, table: Path, *, guard: SparkGuard | None, durable: bool) -> None:
        self._table = table
        self._guard = guard
        self._durable = durable

    @property
    def folder(self) -> Path:
        return self._table / LOG_FOLDER

    def prepare(self, version: int) -> None:
        """Make the folder of a new table's log."""
        if version == 0 and not self.folder.exists():
            os.makedirs(self.folder, exist_ok=True)

    def commit_path(self, version: int) -> str:
        return f"{self._table}/{commit_key(version)}"

    def write(self, descriptor: int, body: bytes) -> None:
        """Write all of ``body``, to the disk if the log is durable."""
        left = memoryview(body)
        while left:
            left = left[os.write(descriptor, left) :]
        if self._durable:
            os.fsync(descriptor)

    def refusal(self, version: int, error: OSError) -> CommitRefusedError:
        """Return the error for a commit that could not be made visible."""
        return CommitRefusedError(
            table=str(self._table), version=version, reason=error.strerror or repr(error)
        )

    def stays(self, version: int, descriptor: int) -> bool:
        """Return whether the open file, which was made visible as ``version``, can't be replaced any more."""
        if self._durable:
            _sync(self.folder)
        if self._guard is None:
            return True
        self._guard.settle(version)
        # The file is open, so that its inode's number can't have gone to another file.
        return os.path.samestat(os.stat(self.commit_path(version)), os.fstat(descriptor))

    def read_from(self, version: int, *, at_most: int) -> Sequence[bytes]:
        """Return the commit files from ``version`` on, each as it will stay."""
        files: list[_CommitFile] = []
        while len(files) < at_most and (file := self._read(version + len(files))) is not None:
            files.append(file)
        if self._guard is not None and files:
            self._guard.settle(version)
            return [self._unless_replaced(version + index, file).body for index, file in enumerate(files)]
        return [file.body for file in files]

    def _read(self, version: int) -> _CommitFile | None:
        try:
            descriptor = os.open(self.commit_path(version), os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StorageError(
                f"{self.commit_path(version)!r} could not be read: {error.strerror}.",
                fix="check the rights of this process on _delta_log, and the health of the disk.",
            ) from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            return _CommitFile(body=file.readall(), identity=_identity(os.fstat(descriptor)))

    def _unless_replaced(self, version: int, file: _CommitFile) -> _CommitFile:
        if _identity(os.stat(self.commit_path(version))) == file.identity:
            return file
        return self._read(version) or file


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    # A commit of delta-spark is written and then renamed: size and time tell it where an inode is used again.
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
