"""Write a file under a temporary name, then give it its own in one step, so that nobody sees half of it."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import secrets
import stat
import time
from collections.abc import Callable
from typing import TypeAlias

from lakehouse.storage.confined import ConfinedRoot
from lakehouse.storage.interface import Body
from lakehouse.storage.local_listing import TEMPORARY_PREFIX

__all__ = ["Place", "Staging", "link_unless_there", "move_over"]

Place: TypeAlias = "Callable[[int, str, str], bool]"
"""Gives the temporary file its own name: (open folder, temporary, own name); False if it may not."""


def move_over(folder: int, temporary: str, name: str) -> bool:
    """Take the name, whoever has it."""
    # Shared among writers, but it keeps out a ``replace`` that is between looking and moving.
    fcntl.flock(folder, fcntl.LOCK_SH)
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    return True


def link_unless_there(folder: int, temporary: str, name: str) -> bool:
    """Take the name if nobody has it: the one step that is atomic on local disks and on NFS."""
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        # NFS may have lost the answer to a link that was made, and say so when it asks again.
        if os.stat(temporary, dir_fd=folder).st_nlink == 2:
            return True
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        return False
    return True


class Staging:
    """Publishes files below a root, whole or not at all; ``durable`` syncs them and their folders first."""

    def __init__(self, root: ConfinedRoot, *, durable: bool) -> None:
        self._root = root
        self._durable = durable
        # With the process id, which a fork changes, no two writers of any machine share a temporary name.
        self._token = secrets.token_hex(6)
        self._writes = itertools.count()

    def publish(self, key: str, body: Body, place: Place) -> os.stat_result | None:
        """Return the new file's status, or None if ``place`` said no. Raises OSError, InvalidKeyError."""
        above, _, name = key.rpartition("/")
        folder = self._root.make_folder(above, key=key)
        temporary = f"{TEMPORARY_PREFIX}{self._token}-{os.getpid():x}-{next(self._writes):x}"
        try:
            status = self._write(folder, temporary, body)
            placed = place(folder, temporary, name)
            if placed and self._durable:
                os.fsync(folder)
            return status if placed else None
        finally:
            try:
                os.unlink(temporary, dir_fd=folder)
            except FileNotFoundError:
                pass  # it was moved to its own name, or never made
            finally:
                os.close(folder)

    def _write(self, folder: int, temporary: str, body: Body) -> os.stat_result:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(temporary, flags, 0o666, dir_fd=folder)
        try:
            for part in (body,) if isinstance(body, bytes) else body:
                written = os.write(file, part)
                while written < len(part):
                    written += os.write(file, memoryview(part)[written:])
            # The kernel's own clock ticks too slowly to tell two writes of one size apart by their ETags.
            now_ns = time.time_ns()
            os.utime(file, ns=(now_ns, now_ns))
            if self._durable:
                os.fsync(file)
            return os.fstat(file)
        finally:
            os.close(file)
