"""From deleted rows to a file that says so (Delta PROTOCOL, "Deletion Vector File Storage Format")."""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lakehouse.delta_log.actions import DeletionVectorDescriptor
from lakehouse.delta_log.deletion_vectors.reader import read_deletion_vector
from lakehouse.delta_log.deletion_vectors.roaring_writer import encode_roaring_array
from lakehouse.delta_log.deletion_vectors.z85 import encode_z85
from lakehouse.storage import AbstractStorageService

__all__ = ["WrittenVector", "write_deletion_vector"]

_FORMAT_VERSION = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenVector:
    """The deletion vector of a data file, in storage and not yet in any log."""

    key: str
    """Of the vector's own file."""
    path: str
    """Of the data file, as the log names it."""
    descriptor: DeletionVectorDescriptor


def write_deletion_vector(
    storage: AbstractStorageService,
    path: str,
    deleted: Iterable[int],
    *,
    before: DeletionVectorDescriptor | None,
    row_count: int | None,
) -> WrittenVector | None:
    """Write which rows of a data file are deleted, beside those that were ``before``.

    ``deleted`` are numbers of rows, from 0. None, and no file, where none of the file's ``row_count`` rows is left.
    Raises MalformedDeletionVectorError.
    """
    earlier = () if before is None else read_deletion_vector(storage, before)
    numbers = np.union1d(np.asarray(deleted, dtype=np.uint64), np.asarray(earlier, dtype=np.uint64))
    if len(numbers) == row_count:
        return None
    bitmap, name = encode_roaring_array(numbers), uuid.uuid4()
    frame = struct.pack(">i", len(bitmap)) + bitmap + struct.pack(">I", zlib.crc32(bitmap))
    key = f"deletion_vector_{name}.bin"
    storage.write(key, _FORMAT_VERSION + frame)
    descriptor = DeletionVectorDescriptor(
        storage_type="u",
        path_or_inline=encode_z85(name.bytes),
        offset=len(_FORMAT_VERSION),
        size_bytes=len(bitmap),
        cardinality=len(numbers),
    )
    return WrittenVector(key=key, path=path, descriptor=descriptor)
