"""Which rows changed from version to version, by every engine, beside Delta's own change data feed."""

from __future__ import annotations

from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Snapshot, write_checkpoint
from lakehouse.storage import LocalStorageService
from lakehouse.tables import IWritableDeltaTable, MergePlan, UnreadableChangesError
from tests.spark.tables.conftest import Engine
from tests.spark.tables.table_rows import numbers, transaction

pytestmark = pytest.mark.spark


def seen(changes: DataFrame) -> set[tuple[int, int, str]]:
    """Return version, number and kind of each change."""
    found = [(row._commit_version, row.n, row._change_type) for row in changes.collect()]
    assert len(found) == len(set(found))
    return set(found)


def test_each_change_has_its_version_and_kind(spark: SparkSession, table: IWritableDeltaTable) -> None:
    table.append(numbers(spark, 1, 2), transaction=transaction(0))
    table.append(numbers(spark, 3), transaction=transaction(1))
    table.replace(numbers(spark, 3, 9), transaction=transaction(2))
    table.append(numbers(spark, 10), transaction=transaction(3))
    first = {(0, 1, "insert"), (0, 2, "insert")}
    second = {(1, 3, "insert")}
    third = {(2, n, "delete") for n in (1, 2, 3)} | {(2, n, "insert") for n in (3, 9)}
    fourth = {(3, 10, "insert")}
    assert seen(table.changes(after=-1, through=3)) == first | second | third | fourth
    assert seen(table.changes(after=0, through=2)) == second | third
    assert seen(table.changes(after=2, through=3)) == fourth


def test_no_version_in_between_gives_no_change(spark: SparkSession, table: IWritableDeltaTable) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    changes = table.changes(after=0, through=0)
    assert changes.columns == ["n", "text", "_change_type", "_commit_version", "_commit_timestamp"]
    assert changes.count() == 0


def test_changes_are_those_of_deltas_own_feed(spark: SparkSession, warehouse: Path, engine: Engine) -> None:
    path = str(warehouse / "t")
    writer = numbers(spark, 1, 2, 3).coalesce(1).write.format("delta")
    writer.option("delta.enableChangeDataFeed", True).save(path)
    table = engine(spark, path)
    table.append(numbers(spark, 4), transaction=transaction(0))
    changed = spark.createDataFrame([(2, "two"), (5, "five")], "n int, text string")
    table.merge(changed, MergePlan(keys=("n",)), transaction=transaction(1))
    DeltaTable.forPath(spark, path).delete("n = 1")
    table.replace(numbers(spark, 7), transaction=transaction(2))
    for after, through in ((-1, 4), (0, 1), (1, 2), (2, 4)):
        feed = spark.read.format("delta").option("readChangeFeed", True)
        feed = feed.option("startingVersion", after + 1).option("endingVersion", through).load(path)
        expected = sorted(map(repr, feed.collect()))
        assert sorted(map(repr, table.changes(after=after, through=through).collect())) == expected


def test_new_columns_are_null_in_older_changes(spark: SparkSession, table: IWritableDeltaTable) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    table.append(
        numbers(spark, 2).selectExpr("*", "true AS more"), transaction=transaction(1), evolve_schema=True
    )
    changes = table.changes(after=-1, through=1)
    assert {(row.n, row.more, row._change_type) for row in changes.collect()} == {
        (1, None, "insert"),
        (2, True, "insert"),
    }


def test_a_column_that_had_another_type_is_refused_by_name(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    table.replace(numbers(spark, 1).selectExpr("CAST(n AS string) AS n", "text"), transaction=transaction(1))
    with pytest.raises(UnreadableChangesError, match="the column 'n' is int at version 0, and string at 1"):
        table.changes(after=0, through=1)


def test_changes_whose_log_is_gone_are_refused(spark: SparkSession, table: IWritableDeltaTable) -> None:
    for number in range(3):
        table.append(numbers(spark, number), transaction=transaction(number))
    write_checkpoint(LocalStorageService(table.path), Snapshot.load(table.path, version=1))
    for version in (0, 1):
        (Path(table.path) / "_delta_log" / f"{version:020d}.json").unlink()
    assert seen(table.changes(after=1, through=2)) == {(2, 2, "insert")}
    with pytest.raises(UnreadableChangesError, match="the log of version 1 has been cleaned up"):
        table.changes(after=0, through=2)
    (Path(table.path) / "_delta_log" / "_last_checkpoint").unlink()
    write_checkpoint(LocalStorageService(table.path), Snapshot.load(table.path, version=2))
    table.append(
        numbers(spark, 9).selectExpr("*", "1 AS more"), transaction=transaction(9), evolve_schema=True
    )
    (Path(table.path) / "_delta_log" / f"{1:020d}.checkpoint.parquet").unlink()
    with pytest.raises(UnreadableChangesError, match="the schema of version 1 has been cleaned up"):
        table.changes(after=1, through=3)


def test_changes_that_files_alone_do_not_show_need_a_change_data_feed(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    path = str(warehouse / "t")
    numbers(spark, 1, 2).coalesce(1).write.format("delta").option("delta.enableDeletionVectors", True).save(
        path
    )
    DeltaTable.forPath(spark, path).delete("n = 2")
    with pytest.raises(UnreadableChangesError, match="it had no change data feed all the time"):
        engine(spark, path).changes(after=0, through=1)


def test_a_file_that_is_restored_is_an_insert_again(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    table = engine(spark, str(warehouse / "t"))
    table.append(numbers(spark, 1), transaction=transaction(0))
    table.replace(numbers(spark, 2), transaction=transaction(1))
    DeltaTable.forPath(spark, table.path).restoreToVersion(0)
    state = table.state()
    assert state is not None
    assert seen(table.changes(after=-1, through=state.version)) == {
        (0, 1, "insert"),
        (1, 1, "delete"),
        (1, 2, "insert"),
        (2, 2, "delete"),
        (2, 1, "insert"),
    }
