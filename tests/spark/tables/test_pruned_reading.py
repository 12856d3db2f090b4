"""Reading some columns, and only files that may hold the rows, by every engine."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Predicate, col
from lakehouse.tables import IWritableDeltaTable
from tests.spark.tables.conftest import Engine
from tests.spark.tables.table_rows import numbers, transaction

pytestmark = pytest.mark.spark


def rows_of(frame: DataFrame) -> set[tuple[object, ...]]:
    return {tuple(row) for row in frame.collect()}


@pytest.fixture
def hundreds(spark: SparkSession, table: IWritableDeltaTable) -> IWritableDeltaTable:
    """Three versions, a file each: 0 to 99, 100 to 199, 200 to 299."""
    for number in range(3):
        rows = spark.range(number * 100, number * 100 + 100).coalesce(1)
        rows = rows.selectExpr("CAST(id AS int) AS n", "CAST(id AS string) AS text", "id % 2 = 0 AS even")
        table.append(rows, transaction=transaction(number))
    return table


def test_only_the_columns_that_are_asked_for_are_read(hundreds: IWritableDeltaTable) -> None:
    read = hundreds.read(version=0, columns=["text", "n"])
    assert read.columns == ["text", "n"]
    assert rows_of(read) == {(str(n), n) for n in range(100)}
    plan = read._jdf.queryExecution().executedPlan().toString()
    assert "ReadSchema: struct<n:int,text:string>" in plan


def test_a_condition_opens_only_files_that_may_meet_it(hundreds: IWritableDeltaTable) -> None:
    read = hundreds.read(version=2, columns=["n"], where=(col("n") >= 195) & (col("n") < 200))
    assert rows_of(read) == {(n,) for n in range(195, 200)}
    assert len(read.inputFiles()) == 1


def test_a_condition_may_use_a_column_that_is_not_shown(hundreds: IWritableDeltaTable) -> None:
    read = hundreds.read(version=1, columns=["text"], where=(col("n") > 195) & (col("even") == True))  # noqa: E712
    assert rows_of(read) == {("196",), ("198",)}


def test_a_condition_that_no_row_meets_gives_no_rows(hundreds: IWritableDeltaTable) -> None:
    assert rows_of(hundreds.read(version=2, where=col("n") > 1_000)) == set()


MEANINGS: list[tuple[Predicate, set[int]]] = [
    (col("x") > 1.5, {2}),
    (col("x") >= 2, {2}),
    (col("x") < 1.5, {1}),
    (col("x") != 1.0, {2, 3}),
    (col("x") == math.nan, set()),
    (~(col("x") > 1.5), {1, 3}),
    (col("x").is_null(), {4}),
    (col("x").is_not_null(), {1, 2, 3}),
    (col("id").is_in([1, 4, 9]), {1, 4}),
    (col("id").is_in([]), set()),
    ((col("id") == 1) | (col("s", "a.b") == "four"), {1, 4}),
]


def test_a_condition_means_for_spark_what_it_means_for_the_log(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    """1.0, 2.0, NaN and null: NaN is neither smaller nor bigger, null meets nothing."""
    table = engine(spark, str(warehouse / "t"))
    values = [(1, 1.0, ("one",)), (2, 2.0, ("two",)), (3, math.nan, ("three",)), (4, None, ("four",))]
    rows = spark.createDataFrame(values, "id int, x double, s struct<`a.b`: string>").coalesce(1)
    table.append(rows, transaction=transaction(0))
    for condition, found in MEANINGS:
        read = {row.id for row in table.read(version=0, where=condition).collect()}
        assert (str(condition), read) == (str(condition), found)


def test_a_table_that_needs_delta_to_be_read_is_pruned_too(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    path = str(warehouse / "t")
    numbers(spark, 1, 2, 3).write.format("delta").partitionBy("n").save(path)
    read = engine(spark, path).read(version=0, columns=["text"], where=col("n") > 1)
    assert rows_of(read) == {("2",), ("3",)}
