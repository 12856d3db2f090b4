"""One archive in the cache folder: its states, and how it comes to be there.

A JVM that maps a torn archive crashes. So an archive is built under another name, tried, renamed, and then
recorded with its size and date; only a file that is as recorded is used. One process builds at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.spark_session.class_data.background import build_in_background
from lakehouse.spark_session.class_data.states import Absent, Building, ClassDataState, Ready, Unusable

__all__ = ["ClassDataArchive"]

_UNUSED_SECONDS = 30 * 24 * 3600
_TRY_AGAIN_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassDataArchive:
    """The archive of one identity."""

    folder: Path
    key: str
    """Of ``ClassDataIdentity``."""
    jars_folder: Path
    """Where the program that builds finds Delta's jars."""
    has_delta: bool = True
    """Whether it is of sessions with these jars."""

    def state(self) -> ClassDataState:
        """Look at the files; raises nothing."""
        try:
            return self._state()
        except OSError as error:
            return Unusable(reason=f"{self.folder} can't be read: {error.strerror or error}")

    def prepare_next_start(self) -> None:
        """Have the archive built beside what runs when it is absent; note its use when it is there."""
        if self.state().is_to_be_built:
            build_in_background(self.folder, jars_folder=self.jars_folder, has_delta=self.has_delta)
        else:
            with contextlib.suppress(OSError):
                os.utime(self._record_file)

    @contextlib.contextmanager
    def building(self) -> Iterator[Path | None]:
        """Give the name to build under; None while another process builds, or has just built. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("w") as lock:
            if not _taken(lock.fileno()) or not self._recorded().is_to_be_built:
                yield None
                return
            self._remove_leftovers()
            unfinished = self.folder / f"{self.key}.{os.getpid()}.unfinished"
            try:
                yield unfinished
            finally:
                unfinished.unlink(missing_ok=True)

    def publish(self, unfinished: Path) -> None:
        """Let the finished archive be found; archives that nobody uses any more go. Raises OSError."""
        unfinished.replace(self._path)
        status = self._path.stat()
        self._record({"size_bytes": status.st_size, "modified_ns": status.st_mtime_ns})
        self._remove_unused()

    def give_up(self, reason: str) -> None:
        """Record that the archive can't be built or used, so that it is left alone for a day."""
        with contextlib.suppress(OSError):
            self._record({"failed": reason})
            self._path.unlink(missing_ok=True)

    def _state(self) -> ClassDataState:
        if set(str(self.folder)) & set(':"\\ '):
            return Unusable(reason=f"the JVM can't take an archive from a path like {str(self.folder)!r}")
        recorded = self._recorded()
        return Building() if recorded.is_to_be_built and self._is_being_built() else recorded

    def _recorded(self) -> ClassDataState:
        """Return what the record says, if it is true of the file."""
        try:
            record = json.loads(self._record_file.read_bytes())
            if "failed" in record:
                return self._failed(record["failed"])
            status = self._path.stat()
            as_recorded = (status.st_size, status.st_mtime_ns) == (
                record["size_bytes"],
                record["modified_ns"],
            )
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return Absent()
        return Ready(path=self._path, size_bytes=status.st_size) if as_recorded else Absent()

    def _failed(self, reason: str) -> ClassDataState:
        age_seconds = time.time() - self._record_file.stat().st_mtime
        return (
            Unusable(reason=f"left out for a day: {reason}") if age_seconds < _TRY_AGAIN_SECONDS else Absent()
        )

    def _is_being_built(self) -> bool:
        try:
            with self._lock_file.open() as lock:
                return not _taken(lock.fileno(), shared=True)
        except FileNotFoundError:
            return False

    def _record(self, record: dict[str, object]) -> None:
        unfinished = self._record_file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps(record), encoding="utf-8")
        unfinished.replace(self._record_file)

    def _remove_leftovers(self) -> None:
        """Remove what a build that was killed has left; the lock says that it isn't in work."""
        for path in self.folder.glob(f"{self.key}.*.unfinished"):
            path.unlink(missing_ok=True)

    def _remove_unused(self) -> None:
        for record in self.folder.glob("*.json"):
            if time.time() - record.stat().st_mtime > _UNUSED_SECONDS:
                record.unlink(missing_ok=True)
                record.with_suffix(".jsa").unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.key}.jsa"

    @property
    def _record_file(self) -> Path:
        return self.folder / f"{self.key}.json"

    @property
    def _lock_file(self) -> Path:
        return self.folder / f"{self.key}.lock"


def _taken(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock if it's free; the end of the process gives it back, however that ends."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
