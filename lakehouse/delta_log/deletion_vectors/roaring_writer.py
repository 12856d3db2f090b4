"""Sets of numbers in the bytes that ``roaring`` reads (Delta PROTOCOL, "Deletion Vector Format").

Of the three kinds of containers, arrays and bitmaps are written: every reader knows them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.delta_log.deletion_vectors.roaring import MAX_ARRAY_SIZE, NO_RUNS_COOKIE, PORTABLE_MAGIC

__all__ = ["encode_roaring_array"]

Numbers = npt.NDArray[np.uint64]

_CONTAINER_NUMBERS = 1 << 16


def encode_roaring_array(numbers: Numbers) -> bytes:
    """Return the portable bytes of a set, given as ascending numbers of which each is there once."""
    sets = list(_groups(numbers, 32))
    parts = [PORTABLE_MAGIC, struct.pack("<Q", len(sets))]
    for high, lows in sets:
        parts += [struct.pack("<I", high), _set_of_32_bits(lows)]
    return b"".join(parts)


def _set_of_32_bits(numbers: Numbers) -> bytes:
    containers = list(_groups(numbers, 16))
    bodies = [_container(lows.astype("<u2")) for _, lows in containers]
    header = [struct.pack("<II", NO_RUNS_COOKIE, len(containers))]
    header += [struct.pack("<HH", key, len(lows) - 1) for key, lows in containers]
    offset = sum(map(len, header)) + 4 * len(bodies)
    offsets = []
    for body in bodies:
        offsets.append(struct.pack("<I", offset))
        offset += len(body)
    return b"".join([*header, *offsets, *bodies])


def _container(lows: npt.NDArray[Any]) -> bytes:
    if len(lows) <= MAX_ARRAY_SIZE:
        return lows.tobytes()
    bits = np.zeros(_CONTAINER_NUMBERS, dtype=bool)
    bits[lows] = True
    return np.packbits(bits, bitorder="little").tobytes()


def _groups(numbers: Numbers, low_bits: int) -> Iterator[tuple[int, Numbers]]:
    """Yield the upper part of the numbers, and the lower parts of those that share it."""
    if not len(numbers):
        return
    highs = numbers >> np.uint64(low_bits)
    lows = numbers & np.uint64((1 << low_bits) - 1)
    starts = np.flatnonzero(np.diff(highs, prepend=highs[:1] + np.uint64(1)))
    for start, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        yield int(highs[start]), lows[start:end]
