"""How much of a disk the cached files may take, in what the disk itself counts: blocks and inodes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lakehouse.cache.errors import CacheBoundError, CacheSettingError

__all__ = ["BLOCK_BYTES", "DiskBounds", "Shortage", "disk_bytes"]

BLOCK_BYTES = 4096
"""What the common file systems give a file at a time."""
FLOOR_PART = 100
"""Unless told otherwise, one part in so many of the disk, and of its inodes, stays free."""


def disk_bytes(size_bytes: int) -> int:
    """Return what a file of this size takes: whole blocks, and one for its name and inode if it is empty."""
    return max(-(-size_bytes // BLOCK_BYTES), 1) * BLOCK_BYTES


class Shortage(NamedTuple):
    """How many bytes, and how many files, have to go before the disk has its free space again."""

    disk_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskBounds:
    """A bound on the cache's own files, and a floor under the disk's free space. Raises CacheBoundError."""

    max_bytes: int
    """By ``disk_bytes``; at least 1, and less than a block keeps no file."""
    min_free_bytes: int | None = None
    """Free space that the cache leaves to others; None: a hundredth of the disk."""

    def __post_init__(self) -> None:
        if type(self.max_bytes) is not int or self.max_bytes < 1:
            raise CacheBoundError(bound="max_bytes", value=self.max_bytes)
        floor = self.min_free_bytes
        if floor is not None and (type(floor) is not int or floor < 0):
            raise CacheSettingError(
                key="min_free_bytes", value=str(floor), expected="a whole number of at least 0"
            )

    def shortage(self, folder: Path) -> Shortage:
        """Return how far the disk of ``folder`` is below its floor, in bytes and in inodes. Raises OSError."""
        disk = os.statvfs(folder)
        floor = self.min_free_bytes
        if floor is None:
            floor = disk.f_blocks * disk.f_frsize // FLOOR_PART
        return Shortage(
            disk_bytes=max(floor - disk.f_bavail * disk.f_frsize, 0),
            files=max(disk.f_files // FLOOR_PART - disk.f_favail, 0),
        )
