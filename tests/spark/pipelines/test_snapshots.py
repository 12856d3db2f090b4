"""A table is as snapshots say: what one lacks was deleted by then; hundreds of random tables at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, Refreshed, from_files, read
from tests.change_oracle import Change, current_rows, history_rows
from tests.spark.pipelines.landing import Lake
from tests.spark.pipelines.test_change_data_laws import read_table

pytestmark = pytest.mark.spark

COLUMNS = ("feed", "id", "at", "a", "b")
Snapshot = dict[tuple[int, int], tuple[Any, ...]]


def random_snapshots(rng: random.Random, *, feeds: int, count: int) -> list[Snapshot]:
    def values() -> tuple[Any, ...]:
        return (rng.choice(["p", "q", None]), rng.choice([1, 2, None]))

    snapshots: list[Snapshot] = []
    for _ in range(count):
        before = snapshots[-1] if snapshots else {}
        now: Snapshot = {}
        for key in ((feed, number) for feed in range(feeds) for number in (1, 2)):
            if rng.random() < 0.7:
                now[key] = before[key] if key in before and rng.random() < 0.6 else values()
        snapshots.append(now)
    return snapshots


def as_changes(snapshots: list[Snapshot]) -> list[Change]:
    """Return what changed from one snapshot to the next; the first is number 1."""
    changes, seen = [], set()
    for number, snapshot in enumerate(snapshots, start=1):
        seen |= set(snapshot)
        changes += [Change(key, number, snapshot.get(key)) for key in seen]
    return changes


def definition(**more: dict[str, Any]) -> PipelineDefinition:
    raw = read("raw", incremental=True).cast({"feed": "int", "id": "int", "at": "int", "b": "int"})
    taken: dict[str, Any] = {"keys": ["feed", "id"], "sequence_by": "at", "column_list": ["at", "a", "b"]}
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    builder.silver("now", raw.apply_changes_from_snapshots(**taken))
    builder.silver("history", raw.apply_changes_from_snapshots(**taken, stored_as_scd_type=2))
    for name, options in more.items():
        builder.silver(name, raw.apply_changes_from_snapshots(**taken, **options))
    versions = read("now").select("feed", "id", "a", "b")
    builder.silver(
        "versions", versions.apply_changes_from_snapshots(keys=["feed", "id"], stored_as_scd_type=2)
    )
    return builder.build()


def land(lake: Lake, number: int, snapshot: Snapshot, *, name: str | None = None) -> None:
    rows = [(*key, number, *values) for key, values in snapshot.items()]
    lake.land(name or f"{number}.csv", *rows, *rows[: len(rows) // 10], header=",".join(COLUMNS))


TRACKED = {"tracked": {"stored_as_scd_type": 2, "track_history_column_list": ["b"]}}


def check_snapshots(
    lake: Lake, *, feeds: int, parts: Sequence[Sequence[int]], seed: int, **more: dict[str, Any]
) -> None:
    """Land numbered snapshots in these parts, then one of number 2 again, which is late."""
    pipeline = definition(**more)
    snapshots = random_snapshots(random.Random(seed), feeds=feeds, count=parts[-1][-1])
    for part in parts:
        for number in part:
            land(lake, number, snapshots[number - 1])
        result = lake.run(pipeline)
        assert result.status == "ok", result.failures
    late = random_snapshots(random.Random(seed + 1), feeds=feeds, count=1)[0]
    changes = as_changes(snapshots)
    of_versions = {
        (key, start - 1, end and end - 1, values)
        for key, start, end, values in history_rows(as_changes([snapshots[part[-1] - 1] for part in parts]))
    }
    assert read_table(lake, "versions") == of_versions
    land(lake, 2, late, name="late.csv")
    outcome = lake.run(pipeline).outcomes["history"]
    assert isinstance(outcome, Refreshed)
    (refresh,) = outcome.refreshes
    tally = refresh.tally
    assert (tally.written, tally.rows_in) == (0, tally.dropped + tally.quarantined)
    assert tally.broken["change(late)"] == tally.quarantined
    assert 0 < tally.quarantined <= len(late)
    aside = lake.rows("silver/history_quarantine", "at", "_errors")
    reason = "this snapshot, or a later one, was taken with an earlier batch"
    assert {(at, errors[0].rule, errors[0].message) for at, errors in aside} == {(2, "change(late)", reason)}
    assert read_table(lake, "now") == current_rows(changes)
    assert read_table(lake, "history") == history_rows(changes)
    if "tracked" in more:
        assert read_table(lake, "tracked") == history_rows(changes, tracked=[1])


def test_tables_are_as_snapshots_say_and_a_late_one_is_set_aside(spark: SparkSession, tmp_path: Path) -> None:
    check_snapshots(Lake(spark, tmp_path), feeds=50, parts=[(1, 2), (3,)], seed=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_snapshots_of_ten_thousand_tables_give_the_same_in_any_cut(
    spark: SparkSession, tmp_path: Path
) -> None:
    for number, parts in enumerate(([(1,), (2, 3), (4, 5, 6)], [(1, 2, 3), (4,), (5,), (6,)])):
        folder = tmp_path / str(number)
        folder.mkdir()
        check_snapshots(Lake(spark, folder), feeds=10_000, parts=parts, seed=3, **TRACKED)


@pytest.mark.slow
def test_a_key_whose_row_is_quarantined_is_not_deleted(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    raw = read("raw", incremental=True).cast({"id": "int", "at": "int"})
    flow = raw.expect_or_quarantine("known", "a != 'bad'").apply_changes_from_snapshots(
        keys=["id"], sequence_by="at", column_list=["a"]
    )
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "at", "a")))
    pipeline = builder.silver("now", flow).build()
    lake.land("1.csv", (1, 1, "x"), (2, 1, "y"), (3, 1, "z"), header="id,at,a")
    lake.land("2.csv", (1, 2, "bad"), (2, 2, "w"), header="id,at,a")
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("silver/now", "id", "a") == [(1, "x"), (2, "w")]
    lake.land("3.csv", (1, 3, "bad"), (2, 3, "w"), (4, 3, "v"), header="id,at,a")
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("silver/now", "id", "a") == [(1, "x"), (2, "w"), (4, "v")]
