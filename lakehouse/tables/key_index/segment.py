"""The hashes of the keys of some rows of one data file, sorted, with a checksum.

Sixty-four bits a row: a batch of 10,000 keys that are all new meets one of a billion rows by chance once in two
million batches, and then a file is opened for nothing.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hashes", "checksum_of", "decode", "encode", "has_any"]

Hashes = NDArray[np.int64]

_HEADER = struct.Struct("<8sQI")
_MAGIC = b"lhkeys1\n"


def encode(hashes: Hashes) -> bytes:
    """Return the segment of these hashes, in any order and with what comes twice."""
    body = np.sort(hashes).astype("<i8").tobytes()
    return _HEADER.pack(_MAGIC, len(hashes), zlib.crc32(body)) + body


def checksum_of(segment: bytes) -> int:
    """Return the checksum that a segment has of its hashes."""
    return int(_HEADER.unpack_from(segment)[2])


def decode(segment: bytes, *, checksum: int) -> Hashes | None:
    """Return the sorted hashes; None when the segment is of another format, not whole, or not the one of this checksum.

    Whoever names a segment tells its checksum, so that another whole segment under its name is not believed.
    """
    if len(segment) < _HEADER.size:
        return None
    magic, count, own_checksum = _HEADER.unpack_from(segment)
    body = memoryview(segment)[_HEADER.size :]
    if magic != _MAGIC or len(body) != 8 * count or not own_checksum == checksum == zlib.crc32(body):
        return None
    return np.frombuffer(body, dtype="<i8")


def has_any(hashes: Hashes, wanted: Hashes) -> bool:
    """Return whether one of the wanted hashes is among the sorted ones."""
    if not len(hashes):
        return False
    places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return bool((hashes[places] == wanted).any())
