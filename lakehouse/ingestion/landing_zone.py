"""Where files arrive: which ones match a pattern, and their bytes."""

from __future__ import annotations

import fnmatch
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from lakehouse.ingestion.errors import MissingLandingZoneError
from lakehouse.storage import (
    AbstractStorageReader,
    InvalidKeyError,
    NotFoundError,
    ObjectStat,
    buffered_stream,
    parse_uri,
    storage_for,
)

__all__ = ["LandedFile", "LandingZone", "LocalLandingZone", "StoredLandingZone", "landing_zone"]

_WILDCARDS = frozenset("*?[")
_PRIVATE = (".", "_")
"""Names that begin so are other programs' half-written or private files and folders, as Spark sees it too."""
_UNREADABLE_KEY = "Spark can't name it: its key has an empty, '.' or '..' segment"
_MOST_ASKED_ONE_BY_ONE = 20
"""A store's listing answers for a thousand files at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One name in a landing zone that matches the pattern."""

    path: str
    """As Spark takes it; the file's identity."""
    size_bytes: int
    modified_ms: int
    fault: str | None = None
    """Why no bytes can be had; None where they can. Completes the sentence "the file is rejected: …"."""


class LandingZone(ABC):
    """The files that match one pattern. ``*``, ``?`` and ``[…]`` match within one folder's names.

    A file or folder whose name begins with ``.`` or ``_`` matches only a pattern that begins so too.
    """

    at_rest_seconds: ClassVar[float]
    """How long a file here must have been left alone to be taken for whole, where nobody says otherwise."""

    @abstractmethod
    def check(self) -> None:
        """Raise MissingLandingZoneError where the folder itself is not there. Lists no file."""

    @abstractmethod
    def files(self) -> tuple[LandedFile, ...]:
        """Return what matches, in the order of the paths; folders too, since one may stand where a file should."""

    @abstractmethod
    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        """Return the files of these paths as they are now, by path; one that is gone is left out."""

    @abstractmethod
    def open(self, file: LandedFile) -> BinaryIO:
        """Open the file's bytes as they are, compressed ones too. Raises OSError or StorageError."""


class LocalLandingZone(LandingZone):
    """A pattern over this machine's files."""

    at_rest_seconds = 0.2

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._folder, self._rest = _split(pattern)

    def check(self) -> None:
        if not self._folder.is_dir():
            raise MissingLandingZoneError(pattern=self._pattern, folder=str(self._folder))

    def files(self) -> tuple[LandedFile, ...]:
        self.check()
        return tuple(sorted(self._matches(), key=lambda file: file.path))

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        return {path: file for path in paths if (file := _local_file(Path(path))) is not None}

    def open(self, file: LandedFile) -> BinaryIO:
        return Path(file.path).open("rb")

    def _matches(self) -> Iterator[LandedFile]:
        wanted = Path(self._rest).parts
        for path in self._folder.glob(self._rest):
            if _is_private(path.relative_to(self._folder).parts, wanted):
                continue
            if (file := _local_file(path)) is not None:
                yield file


class StoredLandingZone(LandingZone):
    """A pattern over the keys of a storage service. What a store has no folder for can't be missing."""

    at_rest_seconds = 0.0  # an object appears when it is whole

    def __init__(self, reader: AbstractStorageReader, pattern: str) -> None:
        self._reader = reader
        self._pattern = pattern
        self._wildcard = min((pattern.index(c) for c in _WILDCARDS if c in pattern), default=len(pattern))

    def check(self) -> None:
        return None

    def files(self) -> tuple[LandedFile, ...]:
        found = self._reader.list(self._pattern[: self._wildcard])
        return tuple(self._file(stat) for stat in found if self._wanted(stat.key))

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        if len(paths) > _MOST_ASKED_ONE_BY_ONE:
            wanted = set(paths)
            listed = map(self._file, self._reader.list(self._pattern[: self._wildcard]))
            return {file.path: file for file in listed if file.path in wanted}
        return {path: file for path in paths if (file := self._look_up(path)) is not None}

    def open(self, file: LandedFile) -> BinaryIO:
        return buffered_stream(self._reader.stream(self._key(file.path)))

    def _look_up(self, path: str) -> LandedFile | None:
        try:
            return self._file(self._reader.stat(self._key(path)))
        except NotFoundError:
            return None

    def _file(self, stat: ObjectStat) -> LandedFile:
        fault = None
        try:
            path = self._reader.uri(stat.key)
        except InvalidKeyError:
            path, fault = f"{self._reader.uri()}/{stat.key}", _UNREADABLE_KEY
        return LandedFile(path=path, size_bytes=stat.size_bytes, modified_ms=stat.modified_ms, fault=fault)

    def _key(self, path: str) -> str:
        return path.removeprefix(self._reader.uri("")).lstrip("/")

    def _wanted(self, key: str) -> bool:
        same_depth = key.count("/") == self._pattern.count("/")
        fixed = self._pattern[: self._wildcard].count("/")
        parts, wanted = key.split("/"), self._pattern.split("/")
        return (
            same_depth
            and fnmatch.fnmatchcase(key, self._pattern)
            and not _is_private(parts[fixed:], wanted[fixed:])
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


def _is_private(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Say whether a part of a path begins like a private name, which no part of the pattern asks for."""
    return any(
        part.startswith(mark)
        and not any(want.startswith(mark) and fnmatch.fnmatchcase(part, want) for want in wanted)
        for part in parts
        for mark in _PRIVATE
    )


def _local_file(path: Path) -> LandedFile | None:
    shown = os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return LandedFile(
            path=shown, size_bytes=0, modified_ms=0, fault=f"it can't be read ({error.strerror})"
        )
    return LandedFile(
        path=shown,
        size_bytes=status.st_size,
        modified_ms=status.st_mtime_ns // 1_000_000,
        fault=_fault(status.st_mode, is_named_in_utf8=shown == str(path.absolute())),
    )


def _fault(mode: int, *, is_named_in_utf8: bool) -> str | None:
    if stat.S_ISDIR(mode):
        return "it is a folder where a file is expected"
    if not stat.S_ISREG(mode):
        return "it is a pipe, a socket or a device where a file is expected"
    return None if is_named_in_utf8 else "its name is not UTF-8"
