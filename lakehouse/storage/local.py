"""Objects as files below a folder."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from lakehouse.errors import StorageError
from lakehouse.storage.errors import AccessDeniedError, InvalidKeyError, NotFoundError
from lakehouse.storage.interface import AbstractStorageService, AlreadyThere, Created, ObjectStat
from lakehouse.storage.keys import check_key

__all__ = ["LocalStorageService"]

TEMPORARY_PREFIX = ".lakehouse-tmp-"
"""Files of this prefix are half-written objects; no listing shows them."""


class LocalStorageService(AbstractStorageService):
    """Keys are paths below ``root``. Writes go to a temporary file first, so that nobody sees a torn one.

    ``durable=True`` syncs file and folder before a write is acknowledged.
    """

    def __init__(self, root: str | Path, *, durable: bool = False) -> None:
        self._root = Path(os.path.abspath(root))
        self._durable = durable

    def __repr__(self) -> str:
        return f"LocalStorageService({str(self._root)!r})"

    def read(self, key: str) -> bytes:
        path = self._path(key)
        try:
            return path.read_bytes()
        except OSError as error:
            raise self._wrapped(error, key, "read") from error

    def read_range(self, key: str, start: int, length: int) -> bytes:
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise self._wrapped(error, key, "read") from error

    def stat(self, key: str) -> ObjectStat:
        path = self._path(key)
        try:
            status = path.stat()
        except OSError as error:
            raise self._wrapped(error, key, "stat") from error
        if path.is_dir():
            raise NotFoundError(store=repr(self), key=key)
        return _object_stat(key, status)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        folder, _, _ = prefix.rpartition("/")
        start = self._path(folder) if folder else self._root
        found = [
            stat for stat in self._walk(start, f"{folder}/" if folder else "") if stat.key.startswith(prefix)
        ]
        found.sort(key=lambda stat: stat.key.encode())
        yield from (stat for stat in found if stat.key.encode() > start_after.encode())

    def uri(self, key: str = "") -> str:
        return (self._path(key) if key else self._root).as_uri()

    def write(self, key: str, body: bytes) -> ObjectStat:
        path = self._path(key)
        try:
            temporary = self._write_temporary(path, body)
            os.replace(temporary, path)
            self._sync_folder(path.parent)
        except OSError as error:
            raise self._wrapped(error, key, "write") from error
        return self.stat(key)

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        path = self._path(key)
        try:
            temporary = self._write_temporary(path, body)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return AlreadyThere(key=key)
            finally:
                os.unlink(temporary)
            self._sync_folder(path.parent)
        except OSError as error:
            raise self._wrapped(error, key, "write") from error
        return Created(stat=self.stat(key))

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._wrapped(error, key, "delete") from error

    def _path(self, key: str) -> Path:
        check_key(key, store=repr(self))
        path = self._root.joinpath(*key.split("/"))
        if not Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(self._root)):
            raise InvalidKeyError(store=repr(self), key=key, reason="a link leads out of the root")
        return path

    def _write_temporary(self, path: Path, body: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
        with temporary.open("xb") as file:
            file.write(body)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        return temporary

    def _sync_folder(self, folder: Path) -> None:
        if not self._durable:
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _walk(self, folder: Path, prefix: str) -> Iterator[ObjectStat]:
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.name.startswith(TEMPORARY_PREFIX):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), f"{prefix}{entry.name}/")
            elif entry.is_file():
                yield _object_stat(f"{prefix}{entry.name}", entry.stat())

    def _wrapped(self, error: OSError, key: str, action: str) -> Exception:
        if (
            isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
            and action != "write"
        ):
            return NotFoundError(store=repr(self), key=key)
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return AccessDeniedError(store=repr(self), key=key, action=action)
        return StorageError(
            f"{self!r} could not {action} {key!r}: {error.strerror}.",
            fix="check the disk's free space and health, and that no file stands where a folder is needed.",
        )


def _object_stat(key: str, status: os.stat_result) -> ObjectStat:
    etag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    return ObjectStat(
        key=key, size_bytes=status.st_size, modified_ms=status.st_mtime_ns // 1_000_000, etag=etag
    )
