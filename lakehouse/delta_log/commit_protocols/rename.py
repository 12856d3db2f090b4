"""Version N by a rename that does not replace: for local disks without hard links."""

from __future__ import annotations

import ctypes
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols.interface import AlreadyTaken, Visible
from lakehouse.delta_log.commit_protocols.local_log import LocalLog
from lakehouse.delta_log.commit_protocols.spark_guard import SparkGuard
from lakehouse.storage import TEMPORARY_PREFIX

__all__ = ["RenameProtocol"]

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1


class RenameProtocol:
    """Linux only (renameat2). Beside delta-rs; with a ``guard`` also beside delta-spark."""

    def __init__(self, table: Path, *, guard: SparkGuard | None, durable: bool = False) -> None:
        self._log = LocalLog(table, guard=guard, durable=durable)

    def __repr__(self) -> str:
        return f"RenameProtocol({str(self._log.folder)!r})"

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        descriptor = -1
        try:
            try:
                self._log.prepare(version)
                temporary = f"{self._log.folder}/{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
                descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
                self._rename(descriptor, temporary, version, commit.body)
            except FileExistsError:
                return AlreadyTaken(version=version)
            except OSError as error:  # until it is renamed, nobody sees anything
                raise self._log.refusal(version, error) from error
            stays = self._log.stays(version, descriptor)
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return Visible(version=version) if stays else AlreadyTaken(version=version)

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        return self._log.read_from(version, at_most=at_most)

    def has(self, version: int) -> bool:
        return os.path.exists(self._log.commit_path(version))

    def _rename(self, descriptor: int, temporary: str, version: int, body: bytes) -> None:
        try:
            self._log.write(descriptor, body)
            _rename_without_replacing(temporary, self._log.commit_path(version))
        except OSError:
            os.unlink(temporary)
            raise


def _rename_without_replacing(source: str, target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(source), os.fsencode(target)
    if libc.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)
