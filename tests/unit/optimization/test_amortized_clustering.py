"""A table that is clustered after each append rewrites at most twice the bytes that were appended."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, Snapshot, col
from lakehouse.optimization import (
    ArrowRewriter,
    Clustering,
    Compaction,
    DeletionVectorPurge,
    MaintainedTable,
    QueryOptimizer,
    Status,
    TableFacts,
    WorthRule,
)
from lakehouse.optimization.layouts.table import layout_tags
from tests.unit.optimization.optimized_tables import MANAGER, append, delete_by_vector, rows_of

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


LAYOUT = '["x"]'


@pytest.fixture
def spent(tmp_path: Path) -> Path:
    """A clustered table: a large file says that 9,999 bytes may be rewritten, and the last of three later ones 500."""
    for count, unspent in ((4_000, 9_999), (50, 0), (60, 0), (70, 500)):
        rows = pa.table({"x": range(count), "y": np.random.default_rng(count).random(count)})
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.append(rows.slice(0, 0)) if transaction.exists else transaction.create(rows.schema)
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.rewrite((), rows, tags=layout_tags(LAYOUT, arranged_in="a", unspent_bytes=unspent))
    return tmp_path


def facts_of(path: Path) -> TableFacts:
    return MaintainedTable(str(path), manager=MANAGER, rewriter=ArrowRewriter()).facts()


def test_what_is_spent_stays_spent_where_the_files_that_say_so_are_compacted(spent: Path) -> None:
    assert facts_of(spent).unspent_bytes(LAYOUT) == 500
    large = max(file.size_bytes for file in facts_of(spent).files)
    [outcome] = QueryOptimizer([Compaction(target_file_bytes=large)], manager=MANAGER).maintain(str(spent))
    assert (outcome.status, len(facts_of(spent).files)) == (Status.DONE, 2)
    assert facts_of(spent).unspent_bytes(LAYOUT) == 500


def test_what_is_spent_stays_spent_where_deleted_rows_are_purged_from_an_older_file(spent: Path) -> None:
    with MANAGER.transaction(spent) as transaction:
        transaction.enable_features("deletionVectors")
    version = next(
        version
        for version in range(9)
        if any(
            isinstance(each, AddFile) and each.size_bytes > 9_000
            for each in Snapshot.load(spent).actions_of(version)
        )
    )
    delete_by_vector(spent, range(2_000), version=version)
    [outcome] = QueryOptimizer([DeletionVectorPurge()], manager=MANAGER).maintain(str(spent))
    assert outcome.status is Status.DONE
    assert facts_of(spent).unspent_bytes(LAYOUT) == 500
