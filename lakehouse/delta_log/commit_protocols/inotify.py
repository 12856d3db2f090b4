"""Delta-spark's temporaries from the kernel's notifications: the cost doesn't grow with the log.

Sound because Linux queues the event of a new file before it lets go of the folder's lock, and a link into
the folder takes the same lock: whoever made a temporary before our link is in our queue after it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from pathlib import Path

from lakehouse.delta_log.commit_protocols.foreign_temporaries import scan, version_of_temporary

__all__ = ["NotifiedTemporaries", "sees_all_changes"]

_IN_CREATE, _IN_MOVED_TO, _IN_ONLYDIR = 0x100, 0x80, 0x01000000
_IN_Q_OVERFLOW, _IN_IGNORED = 0x4000, 0x8000
_HEADER = struct.Struct("iIII")
_BUFFER_BYTES = 1 << 16
_LOCAL_FILE_SYSTEMS = {"ext2", "ext3", "ext4", "xfs", "btrfs", "tmpfs", "overlay", "f2fs", "zfs"}


class NotifiedTemporaries:
    """Remembers which temporaries were made since it began to watch, and which were there then.

    Raises OSError where the kernel can't watch: use ScannedTemporaries there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptor = -1
        self._begin()

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def seen(self, version: int) -> frozenset[str]:
        with self._lock:
            if self._process != os.getpid():  # a forked child must not take events from its parent's queue
                self._begin()
            while self._read_events():
                pass
            for name in [name for name, of in self._names.items() if of < version]:
                del self._names[name]
            return frozenset(self._names)

    def _begin(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = _checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._process = os.getpid()
        mask = _IN_CREATE | _IN_MOVED_TO | _IN_ONLYDIR
        _checked(libc.inotify_add_watch(descriptor, os.fsencode(self._folder), mask))
        self._names = dict(scan(self._folder))

    def _read_events(self) -> bool:
        try:
            buffer = os.read(self._descriptor, _BUFFER_BYTES)
        except BlockingIOError:
            return False
        at = 0
        while at < len(buffer):
            _, mask, _, length = _HEADER.unpack_from(buffer, at)
            at += _HEADER.size + length
            self._take(mask, buffer[at - length : at])
        return len(buffer) > _BUFFER_BYTES // 2

    def _take(self, mask: int, padded_name: bytes) -> None:
        if mask & _IN_IGNORED:  # the folder is gone, and the watch with it: begin again, or fail as scans do
            self._begin()
        elif mask & _IN_Q_OVERFLOW:
            self._names |= scan(self._folder)
        elif padded_name[:1] == b".":
            name = os.fsdecode(padded_name.rstrip(b"\0"))
            version = version_of_temporary(name)
            if version is not None:
                self._names[name] = version


def sees_all_changes(folder: Path) -> bool:
    """Return whether every change in ``folder`` passes this kernel: true on local disks, false on network shares."""
    return sys.platform == "linux" and _file_system(folder) in _LOCAL_FILE_SYSTEMS


def _file_system(folder: Path) -> str | None:
    number = os.stat(folder).st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return None
    for fields in map(str.split, mounts):
        if fields[2] == device:
            return fields[fields.index("-") + 1]
    return None


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
