"""Put rows that were made in parts into one array."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import pyarrow as pa

__all__ = ["gathered"]


def gathered(parts: Sequence[pa.Array], places: Sequence[int]) -> pa.Array:
    """Return the rows at ``places``, which count through the parts one after the other.

    Rows that follow one another stay together: what is in order already is not copied row by row.
    """
    bounds = list(accumulate(map(len, parts), initial=0))
    runs: list[tuple[int, int]] = []
    """First place of a run, and the place behind it."""
    for place in places:
        if runs and place == runs[-1][1] and place not in bounds:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    if 2 * len(runs) > len(places):
        return pa.concat_arrays(parts).take(pa.array(places, pa.int64()))
    slices = []
    for first, end in runs:
        part = bisect_right(bounds, first) - 1
        slices.append(parts[part][first - bounds[part] : end - bounds[part]])
    return slices[0] if len(slices) == 1 else pa.concat_arrays(slices)
