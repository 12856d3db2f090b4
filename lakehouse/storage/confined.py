"""Open files and folders below a root and none outside of it, whatever links exist.

What is checked is where the *opened* file really is, so a link that is swapped in between changes nothing.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from lakehouse.storage.errors import InvalidKeyError

__all__ = ["ConfinedRoot"]

# Without O_NONBLOCK a pipe that lies there would stop us until somebody writes to it.
_FILE_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_DESCRIPTORS = "/proc/self/fd"
_HAS_DESCRIPTOR_LINKS = os.path.isdir(_DESCRIPTORS)


class ConfinedRoot:
    """A folder that nothing opened through it lies outside of. Descriptors are the caller's to close."""

    def __init__(
        self, root: str, *, store: str, sync_new_folders: bool, links_may_leave: bool = False
    ) -> None:
        """``links_may_leave``: what a link below the root leads to belongs to the root, wherever it is."""
        self.path = root
        self._store = store
        self._sync_new_folders = sync_new_folders
        self._links_may_leave = links_may_leave
        self._real_root = os.path.realpath(root)

    def open_file(self, key: str) -> int:
        """Open the file for reading. Raises OSError, InvalidKeyError."""
        return self._inside(os.open(f"{self.path}/{key}", _FILE_FLAGS), key, key)

    def open_folder(self, folder: str, *, key: str) -> int:
        """Open a folder, ``""`` for the root, on behalf of ``key``. Raises OSError, InvalidKeyError."""
        path = f"{self.path}/{folder}"
        if "/" not in folder:
            # Only this last step could lead away, and it may not: no need to ask where we are.
            with suppress(OSError):
                return os.open(path, _FOLDER_FLAGS | (os.O_NOFOLLOW if folder else 0))
        return self._inside(os.open(path, _FOLDER_FLAGS), folder, key)

    def make_folder(self, folder: str, *, key: str) -> int:
        """Open a folder, made with all above it where it is missing. Raises OSError, InvalidKeyError."""
        try:
            return self.open_folder(folder, key=key)
        except FileNotFoundError:
            self._make_missing(folder, key)
        return self.open_folder(folder, key=key)

    def leads_inside(self, key: str) -> bool:
        """Say whether the link of this key ends within the root."""
        return self._holds(os.path.realpath(f"{self.path}/{key}"))

    def _make_missing(self, folder: str, key: str) -> None:
        if not folder:
            os.makedirs(self.path, exist_ok=True)
            self._real_root = os.path.realpath(self.path)
            return
        above, _, name = folder.rpartition("/")
        # Made through the open folder above, which was checked: a link can't make us build outside.
        descriptor = self.make_folder(above, key=key)
        try:
            os.mkdir(name, dir_fd=descriptor)
            if self._sync_new_folders:
                os.fsync(descriptor)
        except FileExistsError:
            pass
        finally:
            os.close(descriptor)

    def _inside(self, descriptor: int, path: str, key: str) -> int:
        try:
            self._check_inside(self._real_path(descriptor, path), key)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check_inside(self, real: str, key: str) -> None:
        if self._holds(real):
            return
        # The root itself may have become a link, or been created again, since we looked.
        self._real_root = os.path.realpath(self.path)
        if not self._holds(real):
            raise InvalidKeyError(store=self._store, key=key, reason="a link leads out of the root")

    def _holds(self, real: str) -> bool:
        if self._links_may_leave:
            return True
        return real == self._real_root or real.startswith(f"{self._real_root.rstrip('/')}/")

    def _real_path(self, descriptor: int, path: str) -> str:
        if _HAS_DESCRIPTOR_LINKS:
            return os.readlink(f"{_DESCRIPTORS}/{descriptor}")
        real = os.path.realpath(f"{self.path}/{path}")
        if not os.path.samestat(os.fstat(descriptor), os.stat(real)):
            raise OSError(errno.EAGAIN, "the file was replaced while it was being opened")
        return real
