"""The opening table as an open hash of keys, for look-ups inside the kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import Word, kernel, signed
from lakehouse.chess.openings import Opening, OpeningTable

__all__ = ["OpeningHash", "find_opening"]

SLOTS = 1 << 14


class OpeningHash:
    """The same table as ``OpeningTable``: ``indices`` point into ``openings``."""

    def __init__(self, table: OpeningTable) -> None:
        self.openings: tuple[Opening, ...] = tuple(table.openings.values())
        self.plies = table.plies
        self.keys = np.zeros(SLOTS, dtype=np.uint64)
        self.indices = np.full(SLOTS, -1, dtype=np.int32)
        for index, key in enumerate(table.openings):
            slot = key % SLOTS
            while self.indices[slot] >= 0:
                slot = (slot + 1) % SLOTS
            self.keys[slot], self.indices[slot] = key, index


@kernel
def find_opening(keys: NDArray[np.uint64], indices: NDArray[np.int32], key: Word) -> int:
    """Return the index of the opening with this key, or -1."""
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while indices[slot] >= 0:
        if keys[slot] == key:
            return signed(indices[slot])
        slot = (slot + np.uint64(1)) & mask
    return -1
