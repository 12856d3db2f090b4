"""Where files arrive: which ones match a pattern, and their bytes."""

from __future__ import annotations

import fnmatch
import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lakehouse.ingestion.errors import MissingLandingZoneError
from lakehouse.storage import AbstractStorageReader, parse_uri, storage_for

__all__ = ["LandedFile", "LandingZone", "LocalLandingZone", "StoredLandingZone", "landing_zone"]

_WILDCARDS = frozenset("*?[")
_UNSEEN = (".", "_")
"""Names that begin so are other programs' half-written or private files, as Spark sees it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One name in a landing zone that matches the pattern."""

    path: str
    """As Spark takes it; the file's identity."""
    size_bytes: int
    modified_ms: int
    is_folder: bool = False


class LandingZone(ABC):
    """The files that match one pattern. ``*``, ``?`` and ``[…]`` match within one folder's names."""

    @abstractmethod
    def check(self) -> None:
        """Raise MissingLandingZoneError where the folder itself is not there. Lists no file."""

    @abstractmethod
    def files(self) -> tuple[LandedFile, ...]:
        """Return what matches, in the order of the paths; folders too, since one may stand where a file should."""

    @abstractmethod
    def open(self, file: LandedFile) -> BinaryIO:
        """Open the file's bytes as they are, compressed ones too. Raises OSError or StorageError."""


class LocalLandingZone(LandingZone):
    """A pattern over this machine's files."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._folder, self._rest = _split(pattern)

    def check(self) -> None:
        if not self._folder.is_dir():
            raise MissingLandingZoneError(pattern=self._pattern, folder=str(self._folder))

    def files(self) -> tuple[LandedFile, ...]:
        self.check()
        return tuple(sorted(self._matches(), key=lambda file: file.path))

    def open(self, file: LandedFile) -> BinaryIO:
        return Path(file.path).open("rb")

    def _matches(self) -> Iterator[LandedFile]:
        for path in self._folder.glob(self._rest):
            if path.name.startswith(_UNSEEN):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield LandedFile(
                path=str(path.absolute()),
                size_bytes=status.st_size,
                modified_ms=status.st_mtime_ns // 1_000_000,
                is_folder=path.is_dir(),
            )


class StoredLandingZone(LandingZone):
    """A pattern over the keys of a storage service. What a store has no folder for can't be missing."""

    def __init__(self, reader: AbstractStorageReader, pattern: str) -> None:
        self._reader = reader
        self._pattern = pattern
        self._prefix = pattern[: min((pattern.index(c) for c in _WILDCARDS if c in pattern), default=None)]

    def check(self) -> None:
        return None

    def files(self) -> tuple[LandedFile, ...]:
        return tuple(
            LandedFile(
                path=self._reader.uri(stat.key), size_bytes=stat.size_bytes, modified_ms=stat.modified_ms
            )
            for stat in self._reader.list(self._prefix)
            if self._wanted(stat.key)
        )

    def open(self, file: LandedFile) -> BinaryIO:
        return io.BytesIO(self._reader.read(file.path.removeprefix(self._reader.uri("")).lstrip("/")))

    def _wanted(self, key: str) -> bool:
        same_depth = key.count("/") == self._pattern.count("/")
        return (
            same_depth
            and fnmatch.fnmatchcase(key, self._pattern)
            and not key.rpartition("/")[2].startswith(_UNSEEN)
        )


def landing_zone(pattern: str) -> LandingZone:
    """Return the zone of a pattern: over this machine's files, or below a URI of any store."""
    location = parse_uri(pattern)
    if location.scheme == "file":
        return LocalLandingZone(location.path)
    return StoredLandingZone(storage_for(f"{location.scheme}://{location.authority}"), location.path)


def _split(pattern: str) -> tuple[Path, str]:
    parts = Path(pattern).parts
    fixed = next((at for at, part in enumerate(parts) if _WILDCARDS & set(part)), len(parts) - 1)
    return Path(*parts[:fixed]), str(Path(*parts[fixed:]))
