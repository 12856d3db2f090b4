"""Where files arrive: which ones match a pattern, and their bytes."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO, ClassVar

from lakehouse.ingestion.errors import MissingLandingZoneError
from lakehouse.ingestion.globs import DEEP, WILDCARDS, path_matcher
from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.local_files import local_file, local_listings
from lakehouse.ingestion.private_names import is_private
from lakehouse.storage import (
    AbstractStorageReader,
    InvalidKeyError,
    NotFoundError,
    ObjectStat,
    buffered_stream,
    parse_uri,
    storage_for,
)

__all__ = ["LandingZone", "LocalLandingZone", "StoredLandingZone", "landing_zone"]

_UNREADABLE_KEY = "Spark can't name it: its key has an empty, '.' or '..' segment"
_AT_A_TIME = 8192
_MOST_ASKED_ONE_BY_ONE = 20
"""A store's listing answers for a thousand files at once."""


class LandingZone(ABC):
    """The files that match one pattern. ``*``, ``?`` and ``[…]`` match within one folder's names, ``**`` folders.

    A file or folder whose name begins with ``.`` or ``_`` matches only a pattern that begins so too.
    """

    at_rest_seconds: ClassVar[float]
    """How long a file here must have been left alone to be taken for whole, where nobody says otherwise."""
    most_bytes_on_driver: ClassVar[int]
    """The largest file here that the driver itself may read whole."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Where files are looked for, and by which pattern: it tells one zone from any other."""

    @property
    @abstractmethod
    def root(self) -> str:
        """The folder below which files are looked for, as the beginning of their paths, without a slash at its end."""

    @abstractmethod
    def check(self) -> None:
        """Raise MissingLandingZoneError where the folder itself is not there. Lists no file."""

    @abstractmethod
    def listed(self, *, after: str = "") -> Iterator[Listing]:
        """Yield what matches and sorts after a path, by path, some thousand at a time.

        Folders too, since one may stand where a file should.
        """

    def files(self) -> tuple[LandedFile, ...]:
        """Return all that matches, in the order of the paths."""
        return tuple(file for listing in self.listed() for file in listing)

    @abstractmethod
    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        """Return the files of these paths as they are now, by path; one that is gone is left out."""

    @abstractmethod
    def open(self, file: LandedFile) -> BinaryIO:
        """Open the file's bytes as they are, compressed ones too. Raises OSError or StorageError."""

    @abstractmethod
    def check_opens(self, file: LandedFile) -> None:
        """Raise OSError or StorageError where the file's bytes can't be had. Reads one byte at most."""


class LocalLandingZone(LandingZone):
    """A pattern over this machine's files."""

    at_rest_seconds = 0.2
    most_bytes_on_driver = sys.maxsize  # the disk is the driver's own

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._folder, self._rest = _split(pattern)

    def check(self) -> None:
        if not self._folder.is_dir():
            raise MissingLandingZoneError(pattern=self._pattern, folder=str(self._folder))

    @property
    def name(self) -> str:
        return str(self._folder.absolute() / self._rest)

    @property
    def root(self) -> str:
        return str(self._folder.absolute()).rstrip("/")

    def listed(self, *, after: str = "") -> Iterator[Listing]:
        self.check()
        yield from local_listings(self._folder, self._rest, after=after)

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        return {path: file for path in paths if (file := local_file(path)) is not None}

    def open(self, file: LandedFile) -> BinaryIO:
        return Path(file.path).open("rb")

    def check_opens(self, file: LandedFile) -> None:
        self.open(file).close()


class StoredLandingZone(LandingZone):
    """A pattern over the keys of a storage service. What a store has no folder for can't be missing."""

    at_rest_seconds = 0.0  # an object appears when it is whole
    most_bytes_on_driver = 64 << 10

    def __init__(self, reader: AbstractStorageReader, pattern: str) -> None:
        self._reader = reader
        self._pattern = pattern
        self._wildcard = min((pattern.index(c) for c in WILDCARDS if c in pattern), default=len(pattern))
        self._root = reader.uri("")

    @property
    def name(self) -> str:
        return f"{self._root}/{self._pattern}"

    @property
    def root(self) -> str:
        folder = self._pattern[: self._wildcard].rpartition("/")[0]
        return f"{self._root}/{folder}".rstrip("/")

    def check(self) -> None:
        return None

    def listed(self, *, after: str = "") -> Iterator[Listing]:
        start = self._key(after) if after.startswith(self._root) else ""
        found = self._reader.list(self._pattern[: self._wildcard], start_after=start)
        wanted = (self._file(stat) for stat in found if self._wanted(stat.key))
        while some := list(islice(wanted, _AT_A_TIME)):
            yield Listing.of(some)

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        if len(paths) > _MOST_ASKED_ONE_BY_ONE:
            wanted = set(paths)
            listed = map(self._file, self._reader.list(self._pattern[: self._wildcard]))
            return {file.path: file for file in listed if file.path in wanted}
        return {path: file for path in paths if (file := self._look_up(path)) is not None}

    def open(self, file: LandedFile) -> BinaryIO:
        return buffered_stream(self._reader.stream(self._key(file.path)))

    def check_opens(self, file: LandedFile) -> None:
        self._reader.read_range(self._key(file.path), 0, 1)

    def _look_up(self, path: str) -> LandedFile | None:
        try:
            return self._file(self._reader.stat(self._key(path)))
        except (NotFoundError, InvalidKeyError):
            return None

    def _file(self, stat: ObjectStat) -> LandedFile:
        fault = None
        try:
            path = self._reader.uri(stat.key)
        except InvalidKeyError:
            path, fault = f"{self._reader.uri()}/{stat.key}", _UNREADABLE_KEY
        return LandedFile(path=path, size_bytes=stat.size_bytes, modified_ms=stat.modified_ms, fault=fault)

    def _key(self, path: str) -> str:
        return path.removeprefix(self._root).lstrip("/")

    def _wanted(self, key: str) -> bool:
        same_depth = key.count("/") == self._pattern.count("/")
        fixed = self._pattern[: self._wildcard].count("/")
        parts, wanted = key.split("/"), self._pattern.split("/")
        return (
            (same_depth or DEEP in wanted)
            and path_matcher(self._pattern).match(key) is not None
            and not is_private(parts[fixed:], wanted[fixed:])
        )


def landing_zone(pattern: str) -> LandingZone:
    """Return the zone of a pattern: over this machine's files, or below a URI of any store."""
    location = parse_uri(pattern)
    if location.scheme == "file":
        return LocalLandingZone(location.path)
    return StoredLandingZone(storage_for(f"{location.scheme}://{location.authority}"), location.path)


def _split(pattern: str) -> tuple[Path, str]:
    parts = Path(pattern).parts
    fixed = next((at for at, part in enumerate(parts) if WILDCARDS & set(part)), len(parts) - 1)
    return Path(*parts[:fixed]), str(Path(*parts[fixed:]))
