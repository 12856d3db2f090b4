"""Deletion vectors as the protocol's own examples spell them, and damaged ones."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from pyroaring import BitMap64

from lakehouse.delta_log import DeletionVectorDescriptor
from lakehouse.delta_log.deletion_vectors import deletion_vector_path, read_deletion_vector
from lakehouse.delta_log.errors import MalformedDeletionVectorError
from lakehouse.storage import LocalStorageService

INLINE = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
"""The protocol's example, in the older form; as Delta writes it today:"""

INLINE_PORTABLE = "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"


def descriptor(**changed) -> DeletionVectorDescriptor:
    fields = {"storage_type": "u", "path_or_inline": "ab^-aqEH.-t@S}K{vb[*k^", "size_bytes": 1}
    return DeletionVectorDescriptor(**{**fields, "cardinality": 3, **changed})


def write_vector(path: Path, numbers: list[int], *, offset: int = 1) -> int:
    bitmap = struct.pack("<i", 1681511377) + BitMap64(numbers).serialize()
    frame = struct.pack(">i", len(bitmap)) + bitmap + struct.pack(">I", zlib.crc32(bitmap))
    path.write_bytes(b"\1" + b"\0" * (offset - 1) + frame)
    return len(bitmap)


@pytest.mark.parametrize(("text", "size"), [(INLINE, 40), (INLINE_PORTABLE, 44)])
def test_the_inline_example_of_the_protocol_is_read(tmp_path: Path, text: str, size: int) -> None:
    inline = descriptor(storage_type="i", path_or_inline=text, size_bytes=size, cardinality=6)
    assert list(read_deletion_vector(LocalStorageService(tmp_path), inline)) == [3, 4, 7, 11, 18, 29]


def test_the_file_name_example_of_the_protocol_is_found() -> None:
    path = deletion_vector_path(descriptor())
    assert path == "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"


@pytest.mark.parametrize("offset", [1, 4711])
def test_a_vector_in_a_file_is_read_at_its_offset(tmp_path: Path, offset: int) -> None:
    (tmp_path / "ab").mkdir()
    path = tmp_path / "ab" / "deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"
    size = write_vector(path, [0, 70_000, 2**33], offset=offset)
    found = descriptor(offset=offset, size_bytes=size)
    assert list(read_deletion_vector(LocalStorageService(tmp_path), found)) == [0, 70_000, 2**33]


def test_a_vector_with_an_absolute_path_may_lie_outside_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "my vectors.bin"
    size = write_vector(path, [5])
    found = descriptor(
        storage_type="p", path_or_inline=path.as_uri(), offset=1, size_bytes=size, cardinality=1
    )
    assert list(read_deletion_vector(LocalStorageService(tmp_path / "table"), found)) == [5]


@pytest.mark.parametrize("position", [0, 3, 4, 12, -1])
def test_a_flipped_bit_is_found(tmp_path: Path, position: int) -> None:
    path = tmp_path / "v.bin"
    size = write_vector(path, [1, 2, 3])
    body = bytearray(path.read_bytes())
    body[1 + position if position >= 0 else position] ^= 1
    path.write_bytes(body)
    found = descriptor(storage_type="p", path_or_inline=path.as_uri(), offset=1, size_bytes=size)
    with pytest.raises(MalformedDeletionVectorError):
        read_deletion_vector(LocalStorageService(tmp_path), found)


@pytest.mark.parametrize(
    "changed",
    [
        {"path_or_inline": "too short"},
        {"size_bytes": -1},
        {"size_bytes": 2**31 - 1},
        {"storage_type": "i", "path_or_inline": INLINE, "size_bytes": 20, "cardinality": 6},
        {"storage_type": "i", "path_or_inline": INLINE, "size_bytes": 40, "cardinality": 5},
        {"storage_type": "i", "path_or_inline": "not Z85 at all \n", "size_bytes": 4},
        {"storage_type": "u"},
        {"storage_type": "p", "path_or_inline": "s3://bucket/v.bin", "size_bytes": 4},
    ],
)
def test_a_descriptor_that_leads_nowhere_is_an_error_of_ours(tmp_path: Path, changed: dict) -> None:
    with pytest.raises(MalformedDeletionVectorError):
        read_deletion_vector(LocalStorageService(tmp_path), descriptor(**changed))
