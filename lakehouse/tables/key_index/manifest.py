"""Which data files are indexed, and by which segments: written once a build, when all its segments are there."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageService

__all__ = ["INDEX_FOLDER", "IndexedFile", "Manifests", "Segment", "index_folder", "segment_key"]

INDEX_FOLDER = "_lakehouse_index"
"""Below a table's folder; names that begin with ``_`` belong to no table."""
_FORMAT = "v1"
_MANY_MANIFESTS = 16
"""With so many, the next build writes one in their place: asking the index doesn't cost all builds that there were."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of some rows of a data file."""

    key: str
    row_count: int
    checksum: int


class IndexedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A data file with all its rows in segments."""

    key: str
    size_bytes: int
    segments: tuple[Segment, ...]

    @property
    def row_count(self) -> int:
        """How many rows the segments have."""
        return sum(segment.row_count for segment in self.segments)


class _Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal["v1"] = "v1"
    columns: tuple[tuple[str, str], ...]
    """Names and types."""
    files: tuple[IndexedFile, ...]


def index_folder(columns: Sequence[tuple[str, str]]) -> str:
    """Return the prefix of all that is kept for keys in these columns, given by name and type."""
    digest = hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()[:16]
    return f"{INDEX_FOLDER}/{_FORMAT}/{digest}"


def segment_key(folder: str, data_key: str) -> str:
    """Return the key of a new segment of a data file; the vacuum finds the data file's key in it."""
    return f"{folder}/files/{data_key}/{uuid.uuid4().hex}.keys"


class Manifests:
    """The manifests of one table for keys in some columns. A damaged one counts for nothing."""

    def __init__(self, storage: AbstractStorageService, columns: Sequence[tuple[str, str]]) -> None:
        self._storage = storage
        self._columns = tuple(columns)
        self._prefix = f"{index_folder(columns)}/manifests/"

    def files(self) -> Mapping[str, IndexedFile]:
        """Return the indexed files by key, each as the last manifest has it."""
        return self._read(self._keys())

    def add(self, files: Sequence[IndexedFile]) -> None:
        """Make the files known as indexed. Their segments must be there."""
        keys = self._keys()
        folded = keys if len(keys) >= _MANY_MANIFESTS else []
        known = {**self._with_segments(self._read(folded)), **{file.key: file for file in files}}
        manifest = _Manifest(columns=self._columns, files=tuple(known.values()))
        name = f"{time.time_ns():020}-{uuid.uuid4().hex}.json"
        self._storage.put_if_absent(f"{self._prefix}{name}", msgspec.json.encode(manifest))
        for key in folded:
            self._storage.delete(key)

    def _keys(self) -> Sequence[str]:
        return [stat.key for stat in self._storage.list(self._prefix)]

    def _read(self, keys: Iterable[str]) -> Mapping[str, IndexedFile]:
        found: dict[str, IndexedFile] = {}
        for key in keys:
            try:
                manifest = msgspec.json.decode(self._storage.read(key), type=_Manifest)
            except (StorageError, OSError, msgspec.DecodeError, UnicodeError):
                continue
            if manifest.columns == self._columns:
                found |= {file.key: file for file in manifest.files}
        return found

    def _with_segments(self, files: Mapping[str, IndexedFile]) -> Mapping[str, IndexedFile]:
        """Leave out files whose segments are gone: the vacuum takes them with the data files."""
        if not files:
            return {}
        there = {stat.key for stat in self._storage.list(f"{index_folder(self._columns)}/files/")}
        return {key: file for key, file in files.items() if all(each.key in there for each in file.segments)}
