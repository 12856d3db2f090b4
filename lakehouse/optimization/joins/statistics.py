"""What the log of a Delta table says of it as a side of a join. No job, and no data file is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from lakehouse.delta_log import Snapshot, record_counts
from lakehouse.optimization.joins.sides import HeavyKey, JoinSide

__all__ = ["side_of_table"]

_LEAST_SHARE = 0.1


def side_of_table(snapshot: Snapshot, on: Sequence[str], *, is_whole: bool = True) -> JoinSide:
    """Return a table, or what filters and chosen columns leave of it, as a side joined on some columns.

    ``is_whole=False`` is for rows that are made of it by steps that may make them more: joins, ``explode``.
    """
    files = snapshot.files()
    sizes = files.column("size").to_pylist()
    counts = record_counts(files.column("stats").to_pylist())
    separation = snapshot.separation(on[:1])
    return JoinSide(
        size_bytes=sum(sizes),
        row_count=None if None in counts else sum(filter(None, counts)),
        is_bound=is_whole,
        heavy_keys=_heavy_keys(snapshot, on, counts) if len(on) == 1 else (),
        key_share=1.0 if separation is None else separation.share,
    )


def _heavy_keys(snapshot: Snapshot, on: Sequence[str], counts: Sequence[int | None]) -> tuple[HeavyKey, ...]:
    """Return keys that whole files consist of: so many rows have them at least."""
    bounds = snapshot.bounds((on[0],))
    total = sum(filter(None, counts))
    if bounds is None or not total or None in counts:
        return ()
    alone: Counter[Any] = Counter()
    columns = zip(bounds.smallest, bounds.largest, bounds.null_count, counts, strict=True)
    for low, high, nulls, count in columns:
        if low.is_valid and low == high and nulls.is_valid:
            alone[low] += (count or 0) - nulls.as_py()
    return tuple(
        HeavyKey(values=(value.as_py(),), share=rows / total)
        for value, rows in alone.most_common()
        if rows / total >= _LEAST_SHARE
    )
