"""Objects as files below a folder."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lakehouse.errors import StorageError
from lakehouse.storage.confined import ConfinedRoot
from lakehouse.storage.errors import AccessDeniedError, NotFoundError
from lakehouse.storage.interface import CHUNK_BYTES, AbstractStorageService, Body
from lakehouse.storage.keys import check_existing_key, check_key, check_prefix, check_range
from lakehouse.storage.local_listing import TEMPORARY_PREFIX, file_stat, walk
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, ObjectStat, Replaced
from lakehouse.storage.staging import Place, Staging, link_unless_there, move_over

__all__ = ["TEMPORARY_PREFIX", "LocalStorageService"]


class LocalStorageService(AbstractStorageService):
    """Keys are paths below ``root``. Writes go to a temporary file first, so that nobody sees a torn one.

    ``durable=True`` syncs file and folder before a write is acknowledged. ``put_if_absent`` is atomic on NFS
    too; ``replace`` only among the processes of one machine, because it takes a lock on the folder.
    A key can't be a file and a folder at once, which it can on the other stores. A link that leads out of the
    root is refused, unless ``links_may_leave``: then what it leads to is read as if it were below the root.
    """

    def __init__(self, root: str | Path, *, durable: bool = False, links_may_leave: bool = False) -> None:
        self._path = os.path.abspath(root)
        self._name = f"LocalStorageService({self._path!r})"
        self._root = ConfinedRoot(
            self._path, store=self._name, sync_new_folders=durable, links_may_leave=links_may_leave
        )
        self._staging = Staging(self._root, durable=durable)

    def __repr__(self) -> str:
        return self._name

    def read(self, key: str) -> bytes:
        descriptor, status = self._open(key)
        try:
            return _read_at(descriptor, 0, status.st_size)
        except OSError as error:
            raise self._wrapped(error, key, "read") from error
        finally:
            os.close(descriptor)

    def read_range(self, key: str, start: int, length: int) -> bytes:
        check_range(key, start, length, store=self._name)
        descriptor, _ = self._open(key)
        try:
            return _read_at(descriptor, start, length)
        except OSError as error:
            raise self._wrapped(error, key, "read") from error
        finally:
            os.close(descriptor)

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        descriptor, _ = self._open(key)
        # A file object, because it closes itself when a stream is dropped before its end.
        file = os.fdopen(descriptor, "rb", buffering=0)
        return iter(lambda: file.read(chunk_bytes), b"")

    def stat(self, key: str) -> ObjectStat:
        descriptor, status = self._open(key)
        os.close(descriptor)
        return file_stat(key, status)

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix, store=self._name)
        try:
            yield from walk(self._root, prefix=prefix, start_after=start_after)
        except OSError as error:
            raise self._wrapped(error, prefix, "list") from error

    def uri(self, key: str = "") -> str:
        if not key:
            return f"file://{self._path}"
        check_existing_key(key, store=self._name)
        return f"file://{self._path.rstrip('/')}/{key}"

    def path(self, key: str = "") -> Path:
        """Return the file of a key, for a library that opens files by itself; links are its own affair."""
        if key:
            check_existing_key(key, store=self._name)
        return Path(self._path, key)

    def write(self, key: str, body: Body) -> ObjectStat:
        made = self._publish(key, body, move_over)
        assert made is not None  # noqa: S101 - move_over always takes the name
        return made

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        made = self._publish(key, body, link_unless_there)
        return Created(stat=made) if made is not None else AlreadyThere(key=key)

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        def move_if_unchanged(folder: int, temporary: str, name: str) -> bool:
            fcntl.flock(folder, fcntl.LOCK_EX)  # until the folder is closed
            if not self._has_etag(key, etag):
                return False
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            return True

        made = self._publish(key, body, move_if_unchanged)
        return Replaced(stat=made) if made is not None else Changed(key=key)

    def copy(self, source: str, target: str) -> ObjectStat:
        check_key(target, store=self._name)
        return self.write(target, self.stream(source))

    def delete(self, key: str) -> None:
        check_existing_key(key, store=self._name)
        above, _, name = key.rpartition("/")
        try:
            folder = self._root.open_folder(above, key=key)
            try:
                fcntl.flock(folder, fcntl.LOCK_SH)
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(folder)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return
        except OSError as error:
            raise self._wrapped(error, key, "delete") from error

    def _has_etag(self, key: str, etag: str) -> bool:
        try:
            return self.stat(key).etag == etag
        except NotFoundError:
            return False

    def _publish(self, key: str, body: Body, place: Place) -> ObjectStat | None:
        check_key(key, store=self._name)
        try:
            status = self._staging.publish(key, body, place)
        except OSError as error:
            raise self._wrapped(error, key, "write") from error
        return None if status is None else file_stat(key, status)

    def _open(self, key: str) -> tuple[int, os.stat_result]:
        check_existing_key(key, store=self._name)
        try:
            descriptor = self._root.open_file(key)
        except OSError as error:
            raise self._wrapped(error, key, "read") from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise NotFoundError(store=self._name, key=key)
        return descriptor, status

    def _wrapped(self, error: OSError, key: str, action: str) -> Exception:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
        if missing and action != "write":
            return NotFoundError(store=self._name, key=key)
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return AccessDeniedError(store=self._name, key=key, action=action)
        return StorageError(
            f"{self._name} could not {action} {key!r}: {error.strerror}.",
            fix="check the disk's free space and health, and that no file stands where a folder is needed.",
        )


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    parts = []
    while length > 0 and (part := os.pread(descriptor, length, start)):
        parts.append(part)
        start += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
