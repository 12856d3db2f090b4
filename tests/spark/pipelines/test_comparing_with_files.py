"""Deduplication against a table's own rows opens only files that can hold one of the keys, and loses no row."""

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
    TableOptions,
    from_files,
    read,
    resolve,
)
from lakehouse.pipelines.refresh import rows_by_key
from tests.spark.pipelines.landing import TYPED, Lake, shop
from tests.spark.pipelines.opened_files import counted_readings

pytestmark = pytest.mark.spark

TYPES = {
    "i": "int",
    "x": "double",
    "n": "decimal(20,4)",
    "d": "date",
    "t": "timestamp",
    "s": "string",
    "u": "string",
}
VALUES: dict[str, Sequence[str]] = {
    "i": ("", "-1", "0", "7"),
    "x": ("", "NaN", "-0.0", "0.0", "1.5", "Infinity"),
    "n": ("", "-0.5000", "12345678901234.5678"),
    "d": ("", "1500-01-01", "2024-02-29"),
    "t": ("", "2024-01-01T00:00:00.000001Z", "2024-01-01T00:00:00.000999Z"),
    "s": ("", "x" * 40, "x" * 40 + "y", "é"),
}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tables of any size are compared by their log; how many files each comparison opened that opened any."""
    counts = counted_readings(monkeypatch)
    monkeypatch.setattr(rows_by_key, "_FEW_FILES", 0)
    return counts


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def typed_pipeline() -> PipelineDefinition:
    typed = read("raw", incremental=True).cast(TYPES).deduplicate()
    return (
        DeclarativePipelineBuilder("typed")
        .variable("landing", default="none")
        .bronze("raw", from_files("${landing}/*.csv", columns=tuple(TYPES)))
        .silver("kept", typed.append())
        .build()
    )


def meaning(row: Sequence[str]) -> tuple[str, ...]:
    """Return a row as its values are compared: the two zeros are one."""
    return tuple("0.0" if cell == "-0.0" else cell for cell in row)


@pytest.mark.slow
def test_rows_of_any_type_that_come_again_are_left_out_and_all_others_stay(
    lake: Lake, opened: list[int]
) -> None:
    chance = random.Random(5)
    seen: list[tuple[str, ...]] = []
    for batch in range(4):
        rows = [
            (*(chance.choice(values) for values in VALUES.values()), f"{batch}-{chance.randrange(20)}")
            for _ in range(60)
        ]
        rows += chance.sample(seen, min(len(seen), 20))
        lake.land(f"{batch}.csv", *rows, header=",".join(TYPES))
        (refresh,) = refreshes(lake.run(typed_pipeline()).outcomes["kept"])
        fresh = {meaning(row) for row in rows} - {meaning(row) for row in seen}
        assert refresh.tally.written == len(fresh)
        seen += rows
    assert len(lake.rows("silver/kept")) == len({meaning(row) for row in seen})
    assert len(opened) == 3


def refreshes(outcome: Any) -> Any:
    assert isinstance(outcome, Refreshed), outcome
    return outcome.refreshes


def test_a_new_day_opens_no_old_file_and_a_late_row_opens_its_day_s(lake: Lake, opened: list[int]) -> None:
    definition = shop(sales=("silver", TYPED.append()), few=("silver", TYPED.where("id > 0").append()))
    for day in (1, 2, 6):
        lake.land(f"{day}.csv", *((day * 100 + n, n, f"2024-01-0{day}") for n in range(5)))
        lake.run(definition)
    assert opened == []
    lake.land("7.csv", (700, 1, "2024-01-07"), (201, 1, "2024-01-02"), (299, 1, "2024-01-02"))
    result = lake.run(definition)
    assert opened == [1, 1]
    for name in ("sales", "few"):
        (refresh,) = refreshes(result.outcomes[name])
        steps = {step.step: (step.rows_in, step.rows_out) for step in refresh.steps}
        assert steps[f"already in {name}"] == (3, 2)
    assert [row[0] for row in lake.rows("silver/sales", "id")][-2:] == [604, 700]


@pytest.mark.slow
def test_a_table_in_partitions_is_compared_too(lake: Lake, opened: list[int]) -> None:
    definition = (
        DeclarativePipelineBuilder("parts")
        .variable("landing", default="none")
        .bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
        .silver("sales", TYPED.append(), options=TableOptions(partition_by=["day"]))
        .build()
    )
    lake.land("1.csv", (1, 1, "2024-01-01"), (2, 1, "2024-01-02"), (3, 1, None))
    lake.run(definition)
    lake.land("2.csv", (2, 1, "2024-01-02"), (2, 1, "2024-01-03"), (3, 1, None), (3, 1, "2024-01-01"))
    (refresh,) = refreshes(lake.run(definition).outcomes["sales"])
    assert refresh.tally.written == 2
    assert len(lake.rows("silver/sales")) == 5


@pytest.mark.slow
def test_a_later_row_of_a_key_in_an_old_file_still_wins(lake: Lake, opened: list[int]) -> None:
    latest = read("raw", incremental=True).cast({"id": "int", "units": "int", "day": "date"})
    latest = latest.deduplicate("id", keep="latest", order_by="day").select("id", "units", "day")
    definition = shop(stock=("silver", latest.merge("id")))
    for first in (0, 10, 20):
        lake.land(f"{first}.csv", *((first + n, n, "2024-01-05") for n in range(3)))
        lake.run(definition)
    lake.land("again.csv", (1, 50, "2024-01-04"), (11, 60, "2024-01-06"), (31, 70, "2024-01-01"))
    lake.run(definition)
    held = dict(lake.rows("silver/stock", "id", "units"))
    assert (held[1], held[11], held[31], len(held)) == (1, 60, 70, 10)


def test_within_a_look_back_only_rows_near_in_time_are_alike(lake: Lake, opened: list[int]) -> None:
    near = read("raw", incremental=True).cast({"id": "int", "units": "int", "day": "date"})
    near = near.deduplicate("id", within="3 days", order_by="day")
    definition = shop(sales=("silver", near.append()))
    lake.land("1.csv", (1, 0, "2024-01-01"), (2, 0, "2024-01-05"), (3, 0, None), (9, 0, "2024-01-02"))
    lake.land("2.csv", (20, 0, "2024-03-01"))
    lake.run(definition)
    again = [(1, 1, "2024-01-04"), (2, 1, "2024-01-09"), (3, 1, None), (4, 1, None), (9, 1, None)]
    lake.land("3.csv", *again)
    (refresh,) = refreshes(lake.run(definition).outcomes["sales"])
    steps = {step.step: (step.rows_in, step.rows_out) for step in refresh.steps}
    assert steps["already in sales"] == (5, 3)  # 1 is three days later, and 3 has no day either
    assert steps["not compared with rows of sales beyond 3 days"] == (5, 5)
    assert sorted(lake.rows("silver/sales", "id", "units")) == [
        (1, 0),
        (2, 0),
        (2, 1),
        (3, 0),
        (4, 1),
        (9, 0),
        (9, 1),
        (20, 0),
    ]


@pytest.mark.slow
def test_a_look_back_opens_no_older_file_and_counts_the_rows_that_may_be_there(
    lake: Lake, opened: list[int]
) -> None:
    near = read("raw", incremental=True).cast({"id": "int", "units": "int", "day": "date"})
    near = near.deduplicate("id", within="2 days", order_by="day")
    definition = shop(sales=("silver", near.append()))
    for day in range(1, 8):  # each day has ids from all over, as random keys are
        lake.land(f"{day}.csv", *((day + n * 100, n, f"2024-01-0{day}") for n in range(4)))
        lake.run(definition)
    assert opened == [1, 2, 2, 2, 2, 2]
    opened.clear()
    lake.land("8.csv", (7, 9, "2024-01-08"), (1, 9, "2024-01-08"), (1_000, 9, "2024-01-08"))
    (refresh,) = refreshes(lake.run(definition).outcomes["sales"])
    steps = {step.step: (step.rows_in, step.rows_out) for step in refresh.steps}
    assert opened == [2]
    assert steps["already in sales"] == (3, 2)
    assert steps["not compared with rows of sales beyond 2 days"] == (3, 3)


def test_a_look_back_needs_a_column_with_a_time(spark: SparkSession, lake: Lake) -> None:
    near = read("raw", incremental=True).cast({"id": "int", "units": "int"})
    near = near.deduplicate("id", within="2 days", order_by="units")
    definition = shop(pattern=f"{lake.landing}/*.csv", sales=("silver", near.append()))
    (problem,) = resolve(definition, spark).problems
    assert "'units' is int. Fix: order by a column of dates or timestamps" in str(problem)
