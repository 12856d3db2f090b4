"""Files of this machine: one by its path, or all that match a pattern, some thousand at a time."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.ingestion.globs import DEEP, WILDCARDS, path_matcher
from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.private_names import PRIVATE, is_private

__all__ = ["local_file", "local_listings"]

_AT_A_TIME = 8192


def local_file(path: str) -> LandedFile | None:
    """Return what lies at an absolute path; None when nothing does."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        unreadable = f"it can't be read ({error.strerror})"
        return LandedFile(path=_shown(path), size_bytes=0, modified_ms=0, fault=unreadable)
    return LandedFile(
        path=_shown(path),
        size_bytes=status.st_size,
        modified_ms=status.st_mtime_ns // 1_000_000,
        fault=_fault(status.st_mode, path),
    )


def local_listings(folder: Path, pattern: str, *, after: str = "") -> Iterator[Listing]:
    """Yield what matches the pattern below a folder and sorts after a path, by path.

    A path that is not UTF-8 sorts behind the others of its folder.
    """
    wanted = Path(pattern).parts
    root = str(folder.absolute()).rstrip("/")
    found = _deep_folders(root, root, pattern, after) if DEEP in wanted else _folders(root, wanted, 0, after)
    for home, names in found:
        for start in range(0, len(names), _AT_A_TIME):
            listing = _listing(home, names[start : start + _AT_A_TIME])
            if listing.paths:
                yield listing


def _folders(home: str, wanted: Sequence[str], depth: int, after: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder that files may match in, with the names that do, both in order."""
    if depth == len(wanted) - 1:
        above = f"{home}/"
        names = _matching(home, wanted, depth, after=after[len(above) :] if after.startswith(above) else "")
        names.sort()
        yield home, names[bisect_right(names, after, key=lambda name: f"{home}/{name}") :]
        return
    names = _matching(home, wanted, depth)
    for name in sorted(names, key=lambda name: f"{name}/"):
        inner = f"{home}/{name}"
        if (f"{inner}/" > after or after.startswith(f"{inner}/")) and os.path.isdir(inner):
            yield from _folders(inner, wanted, depth + 1, after)


def _deep_folders(root: str, home: str, pattern: str, after: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the names that match below a folder, however deep, in the order of their paths."""
    try:
        with os.scandir(home) as found:
            inner = {each.name: each.is_dir() for each in found}
    except (PermissionError, FileNotFoundError, NotADirectoryError):
        return
    matches, names = path_matcher(pattern).match, list[str]()
    for name in sorted(inner, key=lambda name: f"{name}/" if inner[name] else name):
        path = f"{home}/{name}"
        if name.startswith(PRIVATE) and is_private((name,), Path(pattern).parts):
            continue
        if inner[name]:
            if names:
                yield home, names
                names = []
            if f"{path}/" > after or after.startswith(f"{path}/"):
                yield from _deep_folders(root, path, pattern, after)
        elif path > after and matches(path[len(root) + 1 :]):
            names.append(name)
    if names:
        yield home, names


def _matching(home: str, wanted: Sequence[str], depth: int, *, after: str = "") -> list[str]:
    if not WILDCARDS & set(wanted[depth]):
        return [wanted[depth]]
    matches = re.compile(fnmatch.translate(wanted[depth])).match
    try:
        names = os.listdir(home)
    except (PermissionError, FileNotFoundError, NotADirectoryError):
        return []
    return [
        name
        for name in names
        if name > after and matches(name) and not (name.startswith(PRIVATE) and is_private((name,), wanted))
    ]


def _listing(home: str, names: Sequence[str]) -> Listing:
    paths: list[str] = []
    sizes_bytes: list[int] = []
    modified_ms: list[int] = []
    faults: dict[int, str] = {}
    for name in names:
        path = f"{home}/{name}"
        try:
            status = os.stat(path)
        except OSError:
            status = None
        if status is not None and stat.S_ISREG(status.st_mode) and name.isascii():
            paths.append(path)
            sizes_bytes.append(status.st_size)
            modified_ms.append(status.st_mtime_ns // 1_000_000)
        elif (file := local_file(path)) is not None:  # what is rare may cost more
            if file.fault is not None:
                faults[len(paths)] = file.fault
            paths.append(file.path)
            sizes_bytes.append(file.size_bytes)
            modified_ms.append(file.modified_ms)
    return Listing(paths=paths, sizes_bytes=sizes_bytes, modified_ms=modified_ms, faults=faults)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _fault(mode: int, path: str) -> str | None:
    if stat.S_ISDIR(mode):
        return "it is a folder where a file is expected"
    if not stat.S_ISREG(mode):
        return "it is a pipe, a socket or a device where a file is expected"
    return None if _shown(path) == path else "its name is not UTF-8"
