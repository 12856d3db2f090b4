"""A table that is clustered after each append rewrites at most twice the bytes that were appended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, col
from lakehouse.optimization import Clustering, QueryOptimizer, Status, WorthRule
from tests.unit.optimization.optimized_tables import MANAGER, append, rows_of

FILE_BYTES = 8_000
STEPS = 16


def keys_of(kind: str, random: np.random.Generator, step: int) -> np.ndarray:
    """Return the keys of one append: anywhere, later each time, or mostly one value."""
    if kind == "anywhere":
        return random.integers(0, 10_000, 400)
    if kind == "later":
        return random.integers(step * 500, step * 500 + 700, 400)
    return np.where(random.random(400) < 0.8, 5_000, random.integers(0, 10_000, 400))


@pytest.mark.parametrize("kind", ["anywhere", "later", "mostly one"])
@pytest.mark.parametrize("seed", [1, 2])
def test_appended_bytes_are_rewritten_twice_at_most(tmp_path: Path, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    strategy = Clustering(columns=("x",), target_file_bytes=FILE_BYTES)
    optimizer = QueryOptimizer([strategy], rule=WorthRule(reads=10), manager=MANAGER)
    appended = rewritten = 0
    for step in range(STEPS):
        before = Snapshot.load(tmp_path).totals.size_bytes if step else 0
        append(tmp_path, pa.table({"x": keys_of(kind, random, step), "y": random.random(400)}))
        appended += Snapshot.load(tmp_path).totals.size_bytes - before
        rows = rows_of(tmp_path)
        done = optimizer.maintain(str(tmp_path))
        rewritten += sum(each.rewritten_bytes for each in done if each.status is Status.DONE)
        assert rows_of(tmp_path) == rows
    assert 0 < rewritten <= 2 * appended
    if kind == "later":
        probes = random.integers(0, STEPS * 500, 40)
        opened = [Snapshot.load(tmp_path).files(col("x") == int(value)).num_rows for value in probes]
        assert np.mean(opened) <= 3
