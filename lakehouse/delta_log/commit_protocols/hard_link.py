"""Version N by a hard link: the file is whole before it has its name, and a name is given once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols.interface import AlreadyTaken, Visible
from lakehouse.delta_log.commit_protocols.local_log import LocalLog
from lakehouse.delta_log.commit_protocols.spark_guard import SparkGuard
from lakehouse.storage import TEMPORARY_PREFIX

__all__ = ["HardLinkProtocol"]


class HardLinkProtocol:
    """For local disks, beside delta-rs; with a ``guard`` also beside delta-spark.

    ``durable=True`` syncs file and folder before a commit is acknowledged, so that it outlives a power cut.
    """

    def __init__(self, table: Path, *, guard: SparkGuard | None, durable: bool = False) -> None:
        self._log = LocalLog(table, guard=guard, durable=durable)

    def __repr__(self) -> str:
        return f"HardLinkProtocol({str(self._log.folder)!r})"

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        with ExitStack() as open_files:
            try:
                self._log.prepare(version)
                descriptor, source = open_files.enter_context(self._nameless_file())
                self._log.write(descriptor, commit.body)
                os.link(source, self._log.commit_path(version), src_dir_fd=descriptor, follow_symlinks=True)
            except FileExistsError:
                return AlreadyTaken(version=version)
            except OSError as error:  # until there is a link, nobody sees anything
                raise self._log.refusal(version, error) from error
            if self._log.stays(version, descriptor):
                return Visible(version=version)
            return AlreadyTaken(version=version)

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        return self._log.read_from(version, at_most=at_most)

    def has(self, version: int) -> bool:
        return os.path.exists(self._log.commit_path(version))

    @contextmanager
    def _nameless_file(self) -> Iterator[tuple[int, str]]:
        # O_TMPFILE leaves nothing behind when the process is killed; not every file system has it.
        try:
            descriptor = os.open(self._log.folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
        except (OSError, AttributeError):
            with self._named_file() as named:
                yield named
            return
        try:
            yield descriptor, f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)

    @contextmanager
    def _named_file(self) -> Iterator[tuple[int, str]]:
        path = f"{self._log.folder}/{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)
            os.unlink(path)
