"""Tables to be maintained, and their rows as another engine reads them."""

from __future__ import annotations

import struct
from collections import Counter
from pathlib import Path

import deltalake
import msgspec
import numpy as np
import pyarrow as pa
from pyroaring import BitMap64

from lakehouse.delta_log import (
    AddFile,
    DeletionVectorDescriptor,
    RemoveFile,
    Snapshot,
    TransactionManager,
)
from lakehouse.delta_log.deletion_vectors.z85 import encode_z85

MANAGER = TransactionManager(spark_writers=False)


def append(path: Path, rows: pa.Table) -> None:
    with MANAGER.transaction(path) as transaction:
        transaction.append(rows)


def points(seed: int, *, count: int = 500, of: int = 1_000) -> pa.Table:
    """Return rows with two random numbers, a text and a null here and there."""
    random = np.random.default_rng(seed)
    texts = [f"row {number}" if number % 7 else None for number in random.integers(0, 90, count)]
    return pa.table(
        {"x": random.integers(0, of, count), "y": random.integers(0, of, count), "text": pa.array(texts)}
    )


def rows_of(path: Path) -> Counter[str]:
    """Return the rows as delta-rs reads them, each as often as it is there."""
    return Counter(map(repr, deltalake.DeltaTable(path).to_pyarrow_table().to_pylist()))


def file_count(path: Path) -> int:
    return len(deltalake.DeltaTable(path).file_uris())


def changed_rows(path: Path, version: int) -> list[bool]:
    """Return of each file that a version added or removed whether the log calls that a change of rows."""
    actions = Snapshot.load(path).actions_of(version)
    return [each.data_change for each in actions if isinstance(each, AddFile | RemoveFile)]


def delete_by_vector(path: Path, numbers: range, *, version: int = 0) -> None:
    """Delete rows of the first file of a version as Delta does it: by a vector in the log."""
    bitmap = struct.pack("<i", 1681511377) + BitMap64(numbers).serialize()
    padded = bitmap + b"\0" * (-len(bitmap) % 4)
    vector = DeletionVectorDescriptor(
        storage_type="i", path_or_inline=encode_z85(padded), size_bytes=len(bitmap), cardinality=len(numbers)
    )
    with MANAGER.transaction(path) as transaction:
        actions = Snapshot.load(path).actions_of(version)
        file = next(each for each in actions if isinstance(each, AddFile))
        transaction.remove(file.path)
        transaction.add(msgspec.structs.replace(file, deletion_vector=vector))
