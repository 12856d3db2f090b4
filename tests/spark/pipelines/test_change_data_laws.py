"""Any order, any cut into batches, any repetition of the same changes gives the same table: thousands of feeds at once.

Each feed has keys of its own, so that all feeds are one table, and a run is one batch of all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read
from tests.change_oracle import Change, conflicting, current_rows, history_rows
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark

COLUMNS = ("feed", "id", "at", "op", "a", "b")
Rows = set[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A table that is made of the feeds, and what it should be."""

    options: dict[str, Any]
    expected: Callable[[Sequence[Change]], Rows]


TRUNCATED_AT = 4
"""The sequence of the newest truncation, which comes with the second batch; an older one comes with the third."""

KINDS = {
    "now": Kind(options={}, expected=current_rows),
    "history": Kind(options={"stored_as_scd_type": 2}, expected=history_rows),
    "hidden": Kind(
        options={"column_list": ["a", "b"]},
        expected=lambda feed: {(key, None, values) for key, _, values in current_rows(feed)},
    ),
    "patched": Kind(
        options={"ignore_null_updates": True}, expected=lambda feed: current_rows(feed, ignore_nulls=True)
    ),
    "patched_history": Kind(
        options={"ignore_null_updates": True, "stored_as_scd_type": 2},
        expected=lambda feed: history_rows(feed, ignore_nulls=True),
    ),
    "cleared": Kind(
        options={"apply_as_truncates": "op = 'T'"},
        expected=lambda feed: current_rows(feed, truncated_at=TRUNCATED_AT),
    ),
    "tracked": Kind(
        options={"stored_as_scd_type": 2, "track_history_column_list": ["b"]},
        expected=lambda feed: history_rows(feed, tracked=[1]),
    ),
}


def random_feed(rng: random.Random, feed: int) -> list[Change]:
    """Return changes of one or two keys, a few of which contradict each other: a fifth deletes, a quarter NULLs."""
    changes = []
    for _ in range(rng.randint(1, 9)):
        values = None
        if rng.random() >= 0.2:
            a = None if rng.random() < 0.25 else rng.choice("pq")
            b = None if rng.random() < 0.25 else rng.choice([1, 2])
            values = (a, b)
        changes.append(Change((feed, rng.randint(1, 2)), rng.randint(1, 12), values))
    return changes


def cut(rng: random.Random, changes: Sequence[Change], batches: int) -> list[list[Change]]:
    """Return the changes in any order, some of them more than once, in batches."""
    sent = [*changes, *(each for each in changes if rng.random() < 0.15)]
    rng.shuffle(sent)
    parts: list[list[Change]] = [[] for _ in range(batches)]
    for change in sent:
        rng.choice(parts).append(change)
    return parts


def check_law(lake: Lake, *, feeds: int, batches: int, kinds: Sequence[str], seed: int) -> None:
    rng = random.Random(seed)
    changes = [each for feed in range(feeds) for each in random_feed(rng, feed)]
    parts = cut(rng, changes, batches)
    raw = read("raw", incremental=True).cast({"feed": "int", "id": "int", "at": "int", "b": "int"})
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    for name in kinds:
        options = KINDS[name].options
        feed = raw if "apply_as_truncates" in options else raw.where("op <> 'T'")
        flow = feed.apply_changes(
            keys=["feed", "id"],
            sequence_by="at",
            apply_as_deletes="op = 'D'",
            **{"column_list": ["at", "a", "b"], **options},
        )
        builder.silver(name, flow)
    definition = builder.build()
    for number, part in enumerate(parts):
        rows = [
            (*each.key, each.sequence, "D" if each.values is None else "U", *(each.values or (None, None)))
            for each in part
        ]
        if number in (1, 2):
            rows.append((None, None, TRUNCATED_AT + 1 - number, "T", None, None))
        lake.land(f"{number}.csv", *rows, header=",".join(COLUMNS))
        result = lake.run(definition)
        assert result.status == "ok", result.failures
    contradicting = {(each.key, each.sequence, each.values) for each in conflicting(changes)}
    for name in kinds:
        assert read_table(lake, name) == KINDS[name].expected(changes)
        columns = ("feed", "id", "at", "op", "a", "b", "_errors")
        found = set()
        for feed, key, at, op, a, b, errors in lake.rows(f"silver/{name}_quarantine", *columns):
            deletes = op == "D" or errors[0]["message"].endswith("and deletes")
            found.add(((feed, key), at, None if deletes else (a, b)))
        assert found <= contradicting
        since = TRUNCATED_AT if name == "cleared" else 0  # what comes too late contradicts nothing
        assert found >= {each for each in contradicting if each[1] >= since}


def read_table(lake: Lake, name: str) -> Rows:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "silver" / name))
    if "__START_AT" not in frame.columns:
        rows = [row.asDict() for row in frame.collect()]
        return {((row["feed"], row["id"]), row.get("at"), (row["a"], row["b"])) for row in rows}
    return {
        ((row.feed, row.id), row["__START_AT"], row["__END_AT"], (row.a, row.b)) for row in frame.collect()
    }


@pytest.mark.slow
def test_any_order_cut_and_repetition_gives_the_same_table(spark: SparkSession, tmp_path: Path) -> None:
    check_law(Lake(spark, tmp_path), feeds=300, batches=3, kinds=["now", "history"], seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_feeds_of_every_kind_give_the_same_tables(spark: SparkSession, tmp_path: Path) -> None:
    check_law(Lake(spark, tmp_path), feeds=10_000, batches=4, kinds=list(KINDS), seed=2)
