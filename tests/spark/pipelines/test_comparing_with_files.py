"""Deduplication against a table's own rows opens only files that can hold one of the keys, and loses no row."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, Refreshed, from_files, read
from lakehouse.pipelines.refresh import target_comparison
from lakehouse.tables import Candidates
from lakehouse.tables.reader import TableReader
from tests.spark.pipelines.landing import TYPED, Lake, shop

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
    """Tables of any size are compared by their log; how many files each comparison opened."""
    counts: list[int] = []
    read_files = TableReader.read_files

    def counting(reader: TableReader, files: Candidates, *, version: int) -> DataFrame:
        counts.append(len(files.paths))
        return read_files(reader, files, version=version)

    monkeypatch.setattr(TableReader, "read_files", counting)
    monkeypatch.setattr(target_comparison, "_FEW_FILES", 0)
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
    for day in range(1, 7):
        lake.land(f"{day}.csv", *((day * 100 + n, n, f"2024-01-0{day}") for n in range(5)))
        lake.run(definition)
    assert opened == [0] * 10
    opened.clear()
    lake.land("7.csv", (700, 1, "2024-01-07"), (201, 1, "2024-01-02"), (299, 1, "2024-01-02"))
    result = lake.run(definition)
    assert opened == [1, 1]
    for name in ("sales", "few"):
        (refresh,) = refreshes(result.outcomes[name])
        steps = {step.step: (step.rows_in, step.rows_out) for step in refresh.steps}
        assert steps[f"already in {name}"] == (3, 2)
    assert [row[0] for row in lake.rows("silver/sales", "id")][-2:] == [604, 700]


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
