"""Which commits delta-spark has begun to write into a folder: a scan, or the kernel's notifications."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

__all__ = ["ForeignTemporaries", "ScannedTemporaries", "version_of_temporary"]

# HadoopFileSystemLogStore.createTempPath: a dot, the commit's name, a dot, a UUID, ".tmp".
_TEMPORARY = re.compile(r"\.(\d{20})\.json\..*\.tmp")


def version_of_temporary(name: str) -> int | None:
    """Return the version that a file named so is a half-made commit of, if it is one of delta-spark's."""
    match = _TEMPORARY.fullmatch(name)
    return int(match[1]) if match else None


class ForeignTemporaries(Protocol):
    """Knows the temporary files of one log folder. Never misses one that was made before the call."""

    def seen(self, version: int) -> frozenset[str]:
        """Return delta-spark's temporaries for ``version`` and above, by name; some may be gone by now."""
        ...


class ScannedTemporaries:
    """Lists the folder: right on every file system, and slower the more commits there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seen(self, version: int) -> frozenset[str]:
        return frozenset(name for name, of in scan(self._folder).items() if of >= version)


def scan(folder: Path) -> Mapping[str, int]:
    """Return delta-spark's temporaries in a folder, each with its version."""
    versions = ((name, version_of_temporary(name)) for name in os.listdir(folder) if name[0] == ".")
    return {name: version for name, version in versions if version is not None}
