"""Tell which data files may hold one of some keys where bounds can't: by the hashes of all their keys."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

import numpy as np
from pyspark.sql import DataFrame, SparkSession

from lakehouse.errors import StorageError
from lakehouse.storage import storage_for
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.errors import SPARK_ERRORS
from lakehouse.tables.key_index.asking import Answer, asked
from lakehouse.tables.key_index.building import written_segments
from lakehouse.tables.key_index.manifest import IndexedFile, Manifests, Segment, index_folder
from lakehouse.tables.key_index.segment import Hashes

__all__ = ["KeyIndex"]

_log = logging.getLogger(__name__)


class KeyIndex:
    """The index of one table by keys in some columns, given by name and type.

    A data file counts as indexed where segments for as many rows as the log says are named, and all are there
    and whole. Of any other file it says that it may hold the keys.
    """

    def __init__(self, spark: SparkSession, table_path: str, columns: Sequence[tuple[str, str]]) -> None:
        self._spark = spark
        self._table_path = table_path
        self._columns = columns
        self._manifests = Manifests(storage_for(table_path), columns)

    def missing(self, files: Candidates) -> Candidates:
        """Return the files that are not indexed, and could be."""
        indexed = self._manifests.files()
        return _chosen(
            files,
            [
                count is not None and not self._is_of(indexed.get(self._key(path)), size, count)
                for path, size, count in _each(files)
            ],
        )

    def build(self, rows: DataFrame, files: Candidates) -> None:
        """Index files whose rows ``rows`` has. Where that fails, the files stay unindexed, and it is logged."""
        try:
            folder = index_folder(self._columns)
            keys = [self._key(path) for path in files.paths]
            segments = written_segments(rows, self._columns, keys, table_path=self._table_path, folder=folder)
            self._manifests.add(list(self._whole(files, segments)))
        except (*SPARK_ERRORS, StorageError, OSError):
            _log.warning("%s: its keys are not indexed", self._table_path, exc_info=True)

    def may_hold(self, files: Candidates, hashes: Hashes) -> tuple[Candidates, Candidates]:
        """Return the files that may hold a key with one of the hashes, and of these the files with a damaged index."""
        indexed = self._manifests.files()
        usable = [
            file
            for path, size, count in _each(files)
            if (file := indexed.get(self._key(path))) is not None and self._is_of(file, size, count)
        ]
        answers = asked(self._spark, self._table_path, usable, np.unique(hashes))
        found = [answers.get(self._key(path)) for path in files.paths]
        opened = _chosen(files, [answer is not Answer.NOT_THERE for answer in found])
        return opened, _chosen(files, [answer is Answer.DAMAGED for answer in found])

    def _whole(self, files: Candidates, segments: Mapping[str, Sequence[Segment]]) -> Iterator[IndexedFile]:
        for path, size, count in _each(files):
            key = self._key(path)
            file = IndexedFile(key=key, size_bytes=size, segments=tuple(segments.get(key, ())))
            if self._is_of(file, size, count):
                yield file

    def _is_of(self, file: IndexedFile | None, size_bytes: int, row_count: int | None) -> bool:
        return file is not None and (file.size_bytes, file.row_count) == (size_bytes, row_count)

    def _key(self, path: str) -> str:
        return path.removeprefix(f"{self._table_path}/")


def _each(files: Candidates) -> Iterator[tuple[str, int, int | None]]:
    return zip(files.paths, files.sizes, files.row_counts, strict=True)


def _chosen(files: Candidates, flags: Sequence[bool]) -> Candidates:
    return dataclasses.replace(
        files,
        paths=tuple(compress(files.paths, flags)),
        sizes=tuple(compress(files.sizes, flags)),
        row_counts=tuple(compress(files.row_counts, flags)),
    )
