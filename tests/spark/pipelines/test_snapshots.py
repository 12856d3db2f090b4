"""A table is as snapshots say: what one lacks was deleted by then; hundreds of random tables at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    Refreshed,
    RunResult,
    from_files,
    read,
)
from lakehouse.quality import Tally
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


class Snapshots:
    """Numbered snapshots that are landed in parts, and the tables that they should make."""

    def __init__(self, lake: Lake, *, feeds: int, parts: Sequence[Sequence[int]], seed: int) -> None:
        self.lake = lake
        self.parts = parts
        self.numbered = random_snapshots(random.Random(seed), feeds=feeds, count=parts[-1][-1])
        self.late = random_snapshots(random.Random(seed + 1), feeds=feeds, count=1)[0]
        """Another one of number 2, which comes when 2 was taken."""

    def land(self, part: Sequence[int]) -> None:
        for number in part:
            land(self.lake, number, self.numbered[number - 1])

    def land_late(self) -> None:
        land(self.lake, 2, self.late, name="late.csv")

    def check(self, *, tracked: bool = False) -> None:
        changes, of_parts = as_changes(self.numbered), [self.numbered[part[-1] - 1] for part in self.parts]
        assert read_table(self.lake, "now") == current_rows(changes)
        assert read_table(self.lake, "history") == history_rows(changes)
        assert read_table(self.lake, "versions") == {
            (key, start - 1, end and end - 1, values)
            for key, start, end, values in history_rows(as_changes(of_parts))
        }
        if tracked:
            assert read_table(self.lake, "tracked") == history_rows(changes, tracked=[1])

    def check_late(self, result: RunResult) -> Tally:
        """See that all rows of the late one are set aside with their reason; return the counts of that batch."""
        outcome = result.outcomes["history"]
        assert isinstance(outcome, Refreshed)
        (refresh,) = outcome.refreshes
        tally = refresh.tally
        assert tally.broken["change(late)"] == tally.quarantined
        assert 0 < tally.quarantined <= len(self.late)
        aside = self.lake.rows("silver/history_quarantine", "at", "_errors")
        reason = "this snapshot, or a later one, was taken with an earlier batch"
        assert {(at, errors[0].rule, errors[0].message) for at, errors in aside} == {
            (2, "change(late)", reason)
        }
        return tally


def done(lake: Lake, pipeline: PipelineDefinition) -> RunResult:
    result = lake.run(pipeline)
    assert result.status == "ok", result.failures
    return result


@pytest.mark.usefixtures("interpreted")
def test_tables_are_as_snapshots_say_and_a_late_one_is_set_aside(spark: SparkSession, tmp_path: Path) -> None:
    snapshots, pipeline = (
        Snapshots(Lake(spark, tmp_path), feeds=50, parts=[(1, 2), (3,)], seed=3),
        definition(),
    )
    snapshots.land((1, 2))
    done(snapshots.lake, pipeline)
    snapshots.land((3,))
    snapshots.land_late()
    snapshots.check_late(done(snapshots.lake, pipeline))
    snapshots.check()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_snapshots_of_ten_thousand_tables_give_the_same_in_any_cut(
    spark: SparkSession, tmp_path: Path
) -> None:
    pipeline = definition(tracked={"stored_as_scd_type": 2, "track_history_column_list": ["b"]})
    for number, parts in enumerate(([(1,), (2, 3), (4, 5, 6)], [(1, 2, 3), (4,), (5,), (6,)])):
        folder = tmp_path / str(number)
        folder.mkdir()
        snapshots = Snapshots(Lake(spark, folder), feeds=10_000, parts=parts, seed=3)
        for part in parts:
            snapshots.land(part)
            done(snapshots.lake, pipeline)
        snapshots.land_late()
        tally = snapshots.check_late(done(snapshots.lake, pipeline))
        assert (tally.written, tally.rows_in) == (0, tally.dropped + tally.quarantined)
        snapshots.check(tracked=True)


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
