"""Sets of 64-bit numbers in the portable Roaring format (Delta PROTOCOL, "Deletion Vector Format").

The format of the 32-bit sets inside is that of the RoaringFormatSpec: a cookie, keys and cardinalities of
the containers, where there are offsets, and then arrays, bitmaps or runs of 16-bit numbers.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

__all__ = ["MAX_ARRAY_SIZE", "NO_RUNS_COOKIE", "PORTABLE_MAGIC", "decode_roaring_array"]

PORTABLE_MAGIC = (1681511377).to_bytes(4, "little")
_NATIVE_MAGIC = (1681511376).to_bytes(4, "big")
NO_RUNS_COOKIE = 12346
_RUNS_COOKIE = 12347
_NO_OFFSETS_BELOW = 4
MAX_ARRAY_SIZE = 4096
_BITMAP_BYTES = 8192
_MAX_CARDINALITY = 2**31
"""Of one vector; a data file with more deleted rows than that does not exist."""


class _Reader:
    """Read numbers from a buffer, one after another. Raises ValueError at its end."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._position = 0

    def take(self, length: int) -> memoryview:
        end = self._position + length
        if end > len(self._body):
            raise ValueError(f"it ends {end - len(self._body)} bytes too early")
        taken = self._body[self._position : end]
        self._position = end
        return taken

    def number(self, layout: str) -> int:
        (value,) = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return int(value)

    def shorts(self, count: int) -> array[int]:
        numbers = array("H")
        numbers.frombytes(self.take(2 * count))
        if _IS_BIG_ENDIAN:
            numbers.byteswap()
        return numbers


_IS_BIG_ENDIAN = struct.pack("=H", 1) == b"\0\1"


def decode_roaring_array(body: bytes) -> array[int]:
    """Return the numbers of a serialised set in ascending order. Raises ValueError for other bytes."""
    reader = _Reader(body)
    magic = bytes(reader.take(4))
    if magic == PORTABLE_MAGIC:
        high_words = _portable_keys(reader)
    elif magic == _NATIVE_MAGIC:
        high_words = _native_keys(reader)
    else:
        raise ValueError(f"it starts with {magic.hex()}, not {PORTABLE_MAGIC.hex()}")
    numbers: array[int] = array("Q")
    for high in high_words:
        for container in _containers(reader, high << 32):
            numbers.extend(container)
            if len(numbers) > _MAX_CARDINALITY:
                raise ValueError(f"it has more than {_MAX_CARDINALITY} numbers")
    return numbers


def _portable_keys(reader: _Reader) -> Iterator[int]:
    """Yield the upper half of the numbers of each 32-bit set, standing before its bytes."""
    previous = -1
    for _ in range(reader.number("<Q")):
        high = reader.number("<I")
        if high <= previous:
            raise ValueError(f"its keys are not ascending: {high} after {previous}")
        previous = high
        yield high


def _native_keys(reader: _Reader) -> Iterator[int]:
    """As above, in the older form of the protocol's inline example: a size before each set, no keys."""
    for high in range(reader.number(">I")):
        reader.take(4)
        yield high


def _containers(reader: _Reader, base: int) -> Iterator[array[int] | range | list[int]]:
    cookie = reader.number("<I")
    if cookie & 0xFFFF == _RUNS_COOKIE:
        count = (cookie >> 16) + 1
        flags = bytes(reader.take((count + 7) // 8))
        has_offsets = count >= _NO_OFFSETS_BELOW
    elif cookie == NO_RUNS_COOKIE:
        count = reader.number("<I")
        flags = b""
        has_offsets = True
    else:
        raise ValueError(f"its cookie is {cookie}")
    if count > 2**16:
        raise ValueError(f"it has {count} containers")
    header = reader.shorts(2 * count)
    if has_offsets:
        reader.take(4 * count)
    for index in range(count):
        start = base | (header[2 * index] << 16)
        is_run = bool(flags) and bool(flags[index // 8] >> (index % 8) & 1)
        yield from _container(reader, start, cardinality=header[2 * index + 1] + 1, is_run=is_run)


def _container(reader: _Reader, start: int, *, cardinality: int, is_run: bool) -> Iterator[range | list[int]]:
    if is_run:
        bounds = reader.shorts(2 * reader.number("<H"))
        for first, length in zip(bounds[0::2], bounds[1::2], strict=True):
            yield range(start + first, start + first + length + 1)
    elif cardinality <= MAX_ARRAY_SIZE:
        yield [start + low for low in reader.shorts(cardinality)]
    else:
        bits = int.from_bytes(reader.take(_BITMAP_BYTES), "little")
        text = bin(bits)[:1:-1]
        yield [start + low for low, digit in enumerate(text) if digit == "1"]
