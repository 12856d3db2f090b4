"""List the files below a folder by key, one folder in memory at a time."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterator
from operator import itemgetter

from lakehouse.storage.confined import ConfinedRoot
from lakehouse.storage.outcomes import ObjectStat

__all__ = ["TEMPORARY_PREFIX", "file_stat", "walk"]

TEMPORARY_PREFIX = ".lakehouse-tmp-"
"""Files of this prefix are half-written objects; no listing shows them."""
_AFTER_TEMPORARY = ".lakehouse-tmp."
"""The first name that sorts after all of them."""


def file_stat(key: str, status: os.stat_result) -> ObjectStat:
    """Put what the file system knows into an ObjectStat."""
    modified_ns = status.st_mtime_ns
    return ObjectStat(
        key=key,
        size_bytes=status.st_size,
        modified_ms=modified_ns // 1_000_000,
        etag=f"{status.st_ino}-{modified_ns}-{status.st_size}",
    )


def walk(root: ConfinedRoot, *, prefix: str, start_after: str) -> Iterator[ObjectStat]:
    """Yield the files whose key starts with ``prefix`` and sorts after ``start_after``, by key."""
    folder, slash, beginning = prefix.rpartition("/")
    return _walk_folder(root, f"{folder}{slash}", beginning, start_after)


def _walk_folder(root: ConfinedRoot, above: str, beginning: str, start_after: str) -> Iterator[ObjectStat]:
    try:
        descriptor = root.open_folder(above.rstrip("/"), key=above)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        for name, entry in _in_key_order(descriptor, beginning):
            key = above + name
            if entry is None:
                if key > start_after or start_after.startswith(key):
                    yield from _walk_folder(root, key, "", start_after)
            elif key > start_after:
                try:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield file_stat(key, status)
                    elif entry.is_file() and root.leads_inside(key):  # a link
                        yield file_stat(key, entry.stat())
                except FileNotFoundError:
                    continue  # removed since the folder was read
    finally:
        os.close(descriptor)


def _in_key_order(folder: int, beginning: str) -> list[tuple[str, os.DirEntry[str] | None]]:
    with os.scandir(folder) as entries:
        # With its slash a folder sorts where its keys do, so going down in turn keeps the order of keys.
        named: list[tuple[str, os.DirEntry[str] | None]] = [
            (f"{entry.name}/", None) if entry.is_dir(follow_symlinks=False) else (entry.name, entry)
            for entry in entries
        ]
    if beginning:
        named = [pair for pair in named if pair[0].startswith(beginning)]
    named.sort(key=itemgetter(0))
    first = bisect_left(named, TEMPORARY_PREFIX, key=itemgetter(0))
    del named[first : bisect_left(named, _AFTER_TEMPORARY, lo=first, key=itemgetter(0))]
    return named
