"""Decide by cost whether an index is worth it, and open only files that may hold one of the keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.tables.candidates import Candidates
from lakehouse.tables.interface import IReadableDeltaTable
from lakehouse.tables.key_index.index import KeyIndex
from lakehouse.tables.key_index.key_hashes import hashable_columns, hashes_of
from lakehouse.tables.staged_by_python import is_for_python

__all__ = ["narrowed_by_index"]

_WORTH_BYTES = 64 << 20
_WORTH_FILES = 32
"""Fewer and smaller files are opened as fast as an index of them is asked."""
_BUILT_FROM_BYTES = 32 << 20
_BUILT_FROM_FILES = 32
"""Fewer and smaller files are not indexed yet: to open them is cheaper than a job for each."""
_MOST_KEYS = 100_000
"""The hashes of so many keys are asked of the index at once; more keys meet most files anyway."""


def narrowed_by_index(
    files: Candidates,
    *,
    keys: DataFrame,
    key_count: int,
    columns: Sequence[str],
    table: IReadableDeltaTable,
    version: int,
    held: StructType,
) -> Candidates:
    """Return the files that may hold one of the keys, a row each in ``keys``; all of them where asking costs more.

    Files are indexed here when enough of them are not. Reading the table's files doesn't depend on an index: a lost,
    damaged or old one costs the time of opening more files.
    """
    is_worth = files.size_bytes >= _WORTH_BYTES or len(files.paths) >= _WORTH_FILES
    if not is_worth or key_count > _MOST_KEYS or is_for_python(keys.sparkSession, table.path):
        return files
    typed = hashable_columns(columns, ours=keys.schema, held=held)
    if typed is None:
        return files
    index = KeyIndex(keys.sparkSession, table.path, typed)
    missing = index.missing(files)
    if missing.size_bytes >= _BUILT_FROM_BYTES or len(missing.paths) >= _BUILT_FROM_FILES:
        index.build(table.read_files(missing, version=version), missing)
    hashes = [row[0] for row in keys.select(hashes_of(typed)).collect()]
    opened, damaged = index.may_hold(files, np.array(hashes, dtype=np.int64))
    if damaged.paths:
        index.build(table.read_files(damaged, version=version), damaged)
    return opened
