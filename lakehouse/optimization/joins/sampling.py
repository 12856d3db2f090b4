"""Frequent keys of a side, found in a sample of its rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.optimization.joins.sides import HeavyKey, JoinSide
from lakehouse.tables import quoted

__all__ = ["sampled"]

_ROWS = 100_000
_LEAST_SHARE = 0.1
_MOST_KEYS = 10
"""There are no more keys that a tenth of the rows has each."""
_SEED = 17
_COUNT = "__lakehouse_count"
_SHARE = "__lakehouse_share"


def sampled(frame: DataFrame, on: Sequence[str], side: JoinSide) -> JoinSide:
    """Return the side with its frequent keys, which one job finds; nulls are none, because they meet no row."""
    fraction = 1.0 if side.row_count is None else min(1.0, _ROWS / max(1, side.row_count))
    keys = frame.select(*(F.col(quoted(name)) for name in on))
    drawn = keys if fraction == 1.0 else keys.sample(fraction=fraction, seed=_SEED)
    counted = drawn.groupBy(*(F.col(quoted(name)) for name in on)).agg(F.count(F.lit(1)).alias(_COUNT))
    share = F.col(_COUNT) / F.sum(_COUNT).over(Window.partitionBy())
    found = (
        counted.select("*", share.alias(_SHARE))
        .where(F.col(_SHARE) >= _LEAST_SHARE)
        .limit(_MOST_KEYS)
        .collect()
    )
    heavy = [
        HeavyKey(values=tuple(row[: len(on)]), share=row[_SHARE])
        for row in found
        if None not in row[: len(on)]
    ]
    return dataclasses.replace(side, heavy_keys=tuple(sorted(heavy, key=lambda key: -key.share)))
