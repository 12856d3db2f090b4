"""Any order, any cut into batches, any repetition of the same changes gives the same table: thousands of feeds at once.

Each feed has keys of its own, so that all feeds are one table, and a run is one batch of all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, read
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
    truncations: Sequence[tuple[int, int]] = ()
    """Batch and sequence of each; they are this table's alone."""

    @property
    def cleared_at(self) -> int | None:
        """The sequence up to which changes don't count."""
        return max((at for _, at in self.truncations), default=None)


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
    "tracked": Kind(
        options={"stored_as_scd_type": 2, "track_history_column_list": ["b"]},
        expected=lambda feed: history_rows(feed, tracked=[1]),
    ),
}


def truncating(rng: random.Random, name: str, *, batches: int) -> Kind:
    """Return a table that one to three truncations clear, anywhere in the order and in any batch."""
    truncations = [(rng.randrange(batches), rng.randint(0, 13)) for _ in range(rng.randint(1, 3))]
    patches, at = rng.random() < 0.5, max(at for _, at in truncations)
    return Kind(
        options={"apply_as_truncates": f"op = 'T{name}'", "ignore_null_updates": patches},
        expected=lambda feed: current_rows(feed, ignore_nulls=patches, truncated_at=at),
        truncations=truncations,
    )


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


def check_law(lake: Lake, *, feeds: int, batches: int, kinds: Mapping[str, Kind], seed: int) -> None:
    rng = random.Random(seed)
    changes = [each for feed in range(feeds) for each in random_feed(rng, feed)]
    parts = cut(rng, changes, batches)
    definition = tables_of(kinds)
    for number, part in enumerate(parts):
        rows = [
            (*each.key, each.sequence, "D" if each.values is None else "U", *(each.values or (None, None)))
            for each in part
        ]
        rows += [
            (None, None, at, f"T{name}", None, None)
            for name, kind in kinds.items()
            for batch, at in kind.truncations
            if batch == number
        ]
        lake.land(f"{number}.csv", *rows, header=",".join(COLUMNS))
        result = lake.run(definition)
        assert result.status == "ok", result.failures
    for name, kind in kinds.items():
        assert read_table(lake, name) == kind.expected(changes), name
        check_quarantine(lake, name, changes, cleared_at=kind.cleared_at or 0)


def tables_of(kinds: Mapping[str, Kind]) -> PipelineDefinition:
    raw = read("raw", incremental=True).cast({"feed": "int", "id": "int", "at": "int", "b": "int"})
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    for name, kind in kinds.items():
        flow = raw.where(f"op IN ('U', 'D', 'T{name}')").apply_changes(
            keys=["feed", "id"],
            sequence_by="at",
            apply_as_deletes="op = 'D'",
            **{"column_list": ["at", "a", "b"], **kind.options},
        )
        builder.silver(name, flow)
    return builder.build()


def check_quarantine(lake: Lake, name: str, changes: Sequence[Change], *, cleared_at: int) -> None:
    """See that contradicting changes are set aside, and nothing else; what comes too late contradicts nothing."""
    contradicting = {(each.key, each.sequence, each.values) for each in conflicting(changes)}
    found, aside = set(), f"silver/{name}_quarantine"
    there = (lake.warehouse / aside).exists()  # none where all that contradicts was cleared, and came late
    for feed, key, at, op, a, b, errors in lake.rows(aside, *COLUMNS, "_errors") if there else ():
        deletes = op == "D" or errors[0]["message"].endswith("and deletes")
        found.add(((feed, key), at, None if deletes else (a, b)))
    assert found <= contradicting
    assert found >= {each for each in contradicting if each[1] >= cleared_at}


def read_table(lake: Lake, name: str) -> Rows:
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "silver" / name))
    if "__START_AT" not in frame.columns:
        rows = [row.asDict() for row in frame.collect()]
        return {((row["feed"], row["id"]), row.get("at"), (row["a"], row["b"])) for row in rows}
    return {
        ((row.feed, row.id), row["__START_AT"], row["__END_AT"], (row.a, row.b)) for row in frame.collect()
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_feeds_give_the_same_tables_in_any_order_cut_and_repetition(
    spark: SparkSession, tmp_path: Path
) -> None:
    check_law(Lake(spark, tmp_path), feeds=10_000, batches=4, kinds=KINDS, seed=2)


@pytest.mark.slow
def test_truncations_anywhere_clear_the_same_changes(spark: SparkSession, tmp_path: Path) -> None:
    rng = random.Random(1)
    kinds = {
        name: truncating(rng, name, batches=3) for name in ("one", "two", "three", "four", "five", "six")
    }
    check_law(Lake(spark, tmp_path), feeds=200, batches=3, kinds=kinds, seed=1)
