"""From a descriptor to the deleted rows (Delta PROTOCOL, "Deletion Vectors")."""

from __future__ import annotations

import struct
import uuid
import zlib
from array import array

from lakehouse.delta_log.actions import DeletionVectorDescriptor, encode_path
from lakehouse.delta_log.deletion_vectors.roaring import decode_roaring_array
from lakehouse.delta_log.deletion_vectors.z85 import decode_z85
from lakehouse.delta_log.errors import MalformedDeletionVectorError
from lakehouse.delta_log.stored_objects import locate
from lakehouse.errors import StorageError
from lakehouse.storage import AbstractStorageReader

__all__ = ["deletion_vector_path", "read_deletion_vector"]

_UUID_TEXT_LENGTH = 20
_FRAME_BYTES = 8
"""The size before the bitmap, and the checksum after it."""

_MAX_BITMAP_BYTES = 2**30


def read_deletion_vector(storage: AbstractStorageReader, descriptor: DeletionVectorDescriptor) -> array[int]:
    """Return the numbers of the deleted rows, from 0, ascending. Raises MalformedDeletionVectorError."""
    source = _source(storage, descriptor)
    try:
        numbers = decode_roaring_array(_bitmap(storage, descriptor))
    except (ValueError, StorageError, struct.error) as error:
        raise MalformedDeletionVectorError(source=source, reason=str(error)) from error
    if len(numbers) != descriptor.cardinality:
        reason = f"it has {len(numbers)} rows, its descriptor says {descriptor.cardinality}"
        raise MalformedDeletionVectorError(source=source, reason=reason)
    return numbers


def deletion_vector_path(descriptor: DeletionVectorDescriptor) -> str | None:
    """Return the path of the vector's file, as an action spells paths; None if it is inline.

    Raises ValueError for a descriptor without a valid UUID.
    """
    if descriptor.storage_type == "i":
        return None
    if descriptor.storage_type == "p":
        return descriptor.path_or_inline
    prefix, encoded = (
        descriptor.path_or_inline[:-_UUID_TEXT_LENGTH],
        descriptor.path_or_inline[-_UUID_TEXT_LENGTH:],
    )
    name = f"deletion_vector_{uuid.UUID(bytes=decode_z85(encoded))}.bin"
    # A prefix is a folder's name as it is (Delta PROTOCOL, "Deletion Vector Descriptor Schema").
    return encode_path(f"{prefix}/{name}" if prefix else name)


def _source(storage: AbstractStorageReader, descriptor: DeletionVectorDescriptor) -> str:
    if descriptor.storage_type == "i":
        return f"inline in the log of {storage.uri()}"
    return f"{descriptor.path_or_inline!r} of {storage.uri()}"


def _bitmap(storage: AbstractStorageReader, descriptor: DeletionVectorDescriptor) -> bytes:
    if not 0 < descriptor.size_bytes <= _MAX_BITMAP_BYTES:
        raise ValueError(f"its size is {descriptor.size_bytes} bytes")
    if descriptor.storage_type == "i":
        # The text is padded to whole blocks; the size says where the bitmap ends.
        return decode_z85(descriptor.path_or_inline)[: descriptor.size_bytes]
    offset = 1 if descriptor.offset is None else descriptor.offset
    length = descriptor.size_bytes + _FRAME_BYTES
    path = deletion_vector_path(descriptor)
    assert path is not None  # noqa: S101 - not inline
    where, key = locate(storage, path)
    return _unframed(where.read_range(key, offset, length), descriptor.size_bytes)


def _unframed(frame: bytes, size_bytes: int) -> bytes:
    if len(frame) != size_bytes + _FRAME_BYTES:
        raise ValueError(f"its file ends after {len(frame)} of {size_bytes + _FRAME_BYTES} bytes")
    (stored_size,) = struct.unpack(">i", frame[:4])
    if stored_size != size_bytes:
        raise ValueError(f"its file says {stored_size} bytes, its descriptor {size_bytes}")
    bitmap = frame[4:-4]
    (checksum,) = struct.unpack(">I", frame[-4:])
    if zlib.crc32(bitmap) != checksum:
        raise ValueError("its bytes don't match their checksum")
    return bitmap
