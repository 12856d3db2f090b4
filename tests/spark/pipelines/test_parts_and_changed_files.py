"""Changed files and touched parts take the place of old rows in one commit; all others stay as they are."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from landing import COLUMNS, Lake
from pyspark.sql import SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    NothingNew,
    PipelineDefinition,
    Refreshed,
    RunResult,
    from_files,
    read,
    seed,
)
from lakehouse.tables.reader import TableReader

pytestmark = pytest.mark.spark


def definition(*, partition_by: list[str] | None = None, least: int = -5) -> PipelineDefinition:
    sales = read("raw", incremental=True).cast(COLUMNS).append()
    days = (
        read("sales")
        .where("units <> 0")
        .aggregate(by="day", units="sum(units)")
        .expect_or_quarantine("positive", f"units > {least}")
        .replace_where("day")
    )
    return (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="none")
        .bronze("raw", from_files("${landing}/s*.csv", columns=COLUMNS))
        .silver("sales", sales)
        .gold("days", days, partition_by=["day"] if partition_by is None else partition_by)
        .bronze("rates_raw", from_files("${landing}/r*.csv", columns=COLUMNS, on_rewritten="replace"))
        .silver("rates", read("rates_raw").cast(COLUMNS).replace())
        .build()
    )


def sums(rows: list[tuple[int, int, str]], *, least: int = -5) -> tuple[list[Any], list[Any]]:
    """The oracle: the sum of each day, and those that are set aside."""
    by_day: dict[str, int] = defaultdict(int)
    for _, units, day in rows:
        if units:
            by_day[day] += units
    found = sorted(by_day.items())
    return [each for each in found if each[1] > least], [each for each in found if each[1] <= least]


def shown(lake: Lake, table: str) -> list[Any]:
    return sorted((str(day), units) for day, units in lake.rows(table, "day", "units"))


def days_of(result: RunResult) -> Refreshed:
    assert not result.failures, result.failures
    outcome = result.outcomes["days"]
    assert isinstance(outcome, Refreshed)
    return outcome


def test_only_touched_parts_are_computed_again_and_changed_files_give_way(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(spark, tmp_path)
    sales = [(n, n % 4, f"2024-01-0{1 + n % 3}") for n in range(12)] + [(90, -9, "2024-01-09")]
    lake.land("s1.csv", *sales)
    lake.land("r1.csv", (1, 10, "2024-01-01"), (2, 20, "2024-01-01"))
    lake.land("r2.csv", (3, 30, "2024-01-01"))
    lake.run(definition())
    expected = sums(sales)
    assert (shown(lake, "gold/days"), shown(lake, "gold/days_quarantine")) == expected
    files = {row["path"] for row in Snapshot.load(str(lake.warehouse / "gold/days")).files().to_pylist()}

    # A day gets more, one is new, one comes back from the quarantine, and one gets rows that count for nothing.
    more = [(20, 7, "2024-01-02"), (21, 1, "2024-01-05"), (22, 0, "2024-01-03")]
    more += [(91, 9, "2024-01-09"), (92, 1, "2024-01-09")]
    lake.land("s2.csv", *more)
    # A changed file gives way as a whole, and again when it is what it was.
    first = lake.land("r1.csv", (1, 11, "2024-01-01"))
    before = lake.commits("bronze/rates_raw")
    outcome = days_of(lake.run(definition()))
    assert (shown(lake, "gold/days"), shown(lake, "gold/days_quarantine")) == sums([*sales, *more])
    assert outcome.refreshes[0].inputs["refresh"].startswith("parts: sales has new rows")  # type: ignore[attr-defined]
    assert lake.commits("gold/days") == 2
    now = {row["path"] for row in Snapshot.load(str(lake.warehouse / "gold/days")).files().to_pylist()}
    untouched = {path for path in files if "2024-01-01" in path or "2024-01-03" in path}
    assert len(untouched) >= 2
    assert untouched <= now
    assert lake.rows("silver/rates", "id", "units") == [(1, 11), (3, 30)]
    assert lake.commits("bronze/rates_raw") == before + 1

    # Rows that no step lets through touch no part: a commit says that they were taken.
    lake.land("s3.csv", (30, 0, "2024-01-01"))
    lake.land("r1.csv", (1, 10, "2024-01-01"), (2, 20, "2024-01-01"))
    days_of(lake.run(definition()))
    assert (shown(lake, "gold/days"), shown(lake, "gold/days_quarantine")) == sums([*sales, *more])
    assert lake.rows("silver/rates", "id", "units") == [(1, 10), (2, 20), (3, 30)]

    # A changed definition computes all parts. What can't be read is set aside, and the rows of then stay.
    first.write_text("id,unitss,day\n1,1,2024-01-01\n")
    os.utime(first, (1, 1))
    days_of(lake.run(definition(least=-100)))
    assert (shown(lake, "gold/days"), shown(lake, "gold/days_quarantine")) == sums(
        [*sales, *more], least=-100
    )
    assert lake.rows("silver/rates", "id", "units") == [(1, 10), (2, 20), (3, 30)]
    assert len(lake.rows("bronze/rates_raw_quarantine")) == 1

    # Other partitions are noticed, and the way out works; what was set aside is not looked at again.
    outcomes = lake.run(definition(partition_by=["units"], least=-100)).outcomes
    failed = outcomes["days"]
    assert isinstance(failed, Failed)
    assert "'days' is partitioned by day, and partition_by is units now" in str(failed.error)
    assert "--full-refresh days" in str(failed.error)
    assert isinstance(outcomes["rates_raw"], NothingNew)
    assert isinstance(outcomes["rates"], NothingNew)


def test_files_of_untouched_parts_are_not_opened(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(spark, tmp_path)
    opened: list[Any] = []
    read_table = TableReader.read
    monkeypatch.setattr(
        TableReader,
        "read",
        lambda self, **given: opened.append(given.get("where")) or read_table(self, **given),  # type: ignore[func-returns-value]
    )
    for day in range(1, 3):
        lake.land(f"s{day}.csv", (day, day, f"2024-01-0{day}"))
        lake.run(definition(), select=["+days"])
    log = Snapshot.load(str(lake.warehouse / "silver/sales"))
    (*_, last) = (where for where in opened if where is not None)
    assert log.files(last).num_rows == 1
    assert log.files().num_rows == 2


def test_a_seed_is_read_again_when_it_changes_and_can_be_joined(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake(spark, tmp_path)
    file = tmp_path / "names.csv"
    lake.land("s1.csv", (1, 5, "2024-01-01"), (2, 6, "2024-01-01"))

    def named() -> PipelineDefinition:
        names = seed("names.csv", columns={"id": "int", "name": "string"})
        return (
            DeclarativePipelineBuilder("shop")
            .variable("landing", default="none")
            .bronze("raw", from_files("${landing}/s*.csv", columns=COLUMNS))
            .silver("names", names.replace())
            .gold("named", read("raw").cast(COLUMNS).join(names, on="id").select("name", "units").replace())
            .build()
        )

    file.write_text("name,id\none,1\n")
    lake.run(named())
    assert lake.rows("gold/named") == [("one", 5), (None, 6)]
    assert lake.run(named()).status == "nothing new"
    file.write_text("name,id\none,1\ntwo,2\n")
    lake.run(named())
    assert lake.rows("gold/named") == [("one", 5), ("two", 6)]
    assert lake.rows("silver/names") == [(1, "one"), (2, "two")]
