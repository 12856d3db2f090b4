"""A merge writes again the files that it touches and no others, by every engine with the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Snapshot, col
from lakehouse.tables import ArrowTable, IWritableDeltaTable, MergePlan, NativeTable, Published, TableLayout
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


def test_without_deltas_jars_only_touched_files_are_written_and_others_not_even_opened(
    spark: SparkSession, tmp_path: Path
) -> None:
    layout = TableLayout(properties={"delta.columnMapping.mode": "name"})
    table = ArrowTable(spark, str(tmp_path / "t"), layout=layout)
    for number, values in enumerate(((1, 2), (3, 4), (50, 60), (None, 9))):
        table.append(numbers(spark, *values).coalesce(1), transaction=transaction(number))
    log = Snapshot.load(table.path)
    outside = tmp_path / "t" / log.files(col("n") == 50)["path"][0].as_py()
    whole = outside.read_bytes()
    outside.write_bytes(b"bounds say that no key is here")
    before = paths(table)
    rows = marked(spark, (4, "four", False), (2, "", True), (99, "new", False))
    table.merge(rows, PLAN, transaction=transaction(4))
    assert len(before & paths(table)) == 2
    outside.write_bytes(whole)
    expected = {
        (1, "1"),
        (3, "3"),
        (4, "four"),
        (50, "50"),
        (60, "60"),
        (99, "new"),
        (None, "None"),
        (9, "9"),
    }
    assert rows_in(table) == expected
    before = paths(table)
    table.delete("n = 50")
    table.delete("n = 51")
    assert len(before & paths(table)) == len(before) - 1
    assert Snapshot.load(table.path).version == 5
    assert rows_in(table) == expected - {(50, "50")}


@pytest.mark.slow
def test_without_deltas_jars_a_change_feed_shows_changed_rows_and_no_others(
    spark: SparkSession, tmp_path: Path
) -> None:
    properties = {"delta.enableChangeDataFeed": "true", "delta.columnMapping.mode": "name"}
    layout = TableLayout(partition_by=("text",), properties=properties)
    table = ArrowTable(spark, str(tmp_path / "t"), layout=layout)
    rows = spark.createDataFrame([(1, "a", 0), (2, "a", 0), (3, "b", 0)], "n int, text string, times int")
    table.append(rows, transaction=transaction(0))
    merged = spark.createDataFrame(
        [(1, "a", True), (3, "c", False), (9, "a", False)], "n int, text string, gone boolean"
    )
    table.merge(merged, PLAN, transaction=transaction(1))
    table.delete("n = 9")
    expected = {
        (1, "a", 0, "delete", 1),
        (3, "b", 0, "update_preimage", 1),
        (3, "c", 0, "update_postimage", 1),
        (9, "a", None, "insert", 1),
        (9, "a", None, "delete", 2),
    }
    by_delta = spark.read.format("delta").option("readChangeFeed", "true").option("startingVersion", 1)
    for found in (by_delta.load(table.path), table.changes(after=0, through=2)):
        assert {tuple(row)[:5] for row in found.collect()} == expected
    assert rows_in(table) == {(2, "a", 0), (3, "c", 0)}


def rows_in(table: IWritableDeltaTable) -> set[tuple[object, ...]]:
    """Return the rows as our log reads them, which needs no session."""
    return {tuple(row.values()) for row in Snapshot.load(table.path).to_arrow().to_pylist()}
