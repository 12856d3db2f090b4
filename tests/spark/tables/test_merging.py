"""A merge writes again the files that it touches and no others, by every engine with the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.tables import IWritableDeltaTable, MergePlan, NativeTable, Published
from lakehouse.tables.native_merge import FileMerge, RewrittenFiles
from tests.spark.tables.table_rows import numbers, transaction

pytestmark = pytest.mark.spark

PLAN = MergePlan(keys=("n",), removed="gone")


def marked(spark: SparkSession, *rows: tuple[int | None, str, bool]) -> DataFrame:
    return spark.createDataFrame(list(rows), "n int, text string, gone boolean")


def paths(table: IWritableDeltaTable) -> set[str]:
    return set(Snapshot.load(table.path).files()["path"].to_pylist())


def test_marked_rows_are_removed_and_the_others_come_in(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.append(numbers(spark, 1, 2, 3), transaction=transaction(0))
    rows = marked(
        spark, (1, "", True), (2, "two", False), (4, "four", False), (5, "", True), (None, "x", False)
    )
    assert table.merge(rows, PLAN, transaction=transaction(1)) == Published(version=1)
    expected = {(2, "two"), (3, "3"), (4, "four"), (None, "x")}
    assert {tuple(row) for row in table.read(version=1).collect()} == expected
    table.merge(marked(spark, (None, "y", False)), PLAN, transaction=transaction(2))
    assert {tuple(row) for row in table.read(version=2).collect()} == (expected - {(None, "x")}) | {
        (None, "y")
    }


def test_a_merge_takes_files_away_only_where_a_row_is_met(spark: SparkSession, tmp_path: Path) -> None:
    table = NativeTable(spark, str(tmp_path / "t"))
    for number, values in enumerate(((1, 2), (3, 4), (5, 6))):
        table.append(numbers(spark, *values).coalesce(1), transaction=transaction(number))
    before = paths(table)
    table.merge(marked(spark, (4, "four", False), (2, "", True)), PLAN, transaction=transaction(3))
    assert len(before & paths(table)) == 1
    assert {tuple(row) for row in table.read(version=3).collect()} == {
        (1, "1"),
        (3, "3"),
        (4, "four"),
        (5, "5"),
        (6, "6"),
    }
    commit = (tmp_path / "t" / "_delta_log" / f"{3:020}.json").read_text().splitlines()
    infos = [json.loads(line)["commitInfo"] for line in commit if "commitInfo" in line]
    assert infos[0]["operation"] == "MERGE"
    before = paths(table)
    table.merge(marked(spark, (9, "nine", False)), PLAN, transaction=transaction(4))
    assert before < paths(table)


def test_a_table_that_another_writer_changes_meanwhile_is_merged_as_it_is_then(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = NativeTable(spark, str(tmp_path / "t"))
    table.append(numbers(spark, 1), transaction=transaction(0))
    compute, calls = FileMerge.of, []

    def disturbed(
        self: FileMerge, rows: DataFrame, plan: MergePlan, *, version: int
    ) -> RewrittenFiles | None:
        calls.append(version)
        found = compute(self, rows, plan, version=version)
        if len(calls) == 1:
            spark.sql(f"UPDATE delta.`{table.path}` SET text = 'foreign'")
        return found

    monkeypatch.setattr(FileMerge, "of", disturbed)
    table.merge(marked(spark, (2, "ours", False)), PLAN, transaction=transaction(1))
    assert calls == [0, 1]
    assert {tuple(row) for row in table.read(version=2).collect()} == {(1, "foreign"), (2, "ours")}
