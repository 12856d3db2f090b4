"""Ways out: a corrected file is released, a table is put back, and readers go on or say what they need."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    Warehouse,
    files_set_aside,
    from_files,
    read,
    release_files,
    restore_table,
)
from tests.spark.pipelines.landing import Lake, shop

pytestmark = pytest.mark.spark

TYPED = (
    read("raw", incremental=True).cast({"id": "int", "units": "int"}, on_error="null").select("id", "units")
)
DAY = "2024-01-01"


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def test_a_corrected_file_is_the_way_out_of_a_fatal_rule(lake: Lake) -> None:
    pipeline = shop(sales=("silver", TYPED.expect_or_fail("sold", "units > 0").append()))
    warehouse = Warehouse.at(lake.warehouse)
    lake.land("a.csv", (1, 5, DAY), (2, -6, DAY))
    lake.land("other.csv", (3, 7, DAY))
    assert [failed.table for failed in lake.run(pipeline).failures] == ["sales"]
    path = str(lake.land("a.csv", (1, 5, DAY), (2, 6, DAY)))
    assert lake.run(pipeline).failures, "the table has taken the file already: nothing is doubled unasked"
    assert files_set_aside(warehouse, "raw") == {path: "it was taken before, with other content"}
    commits = lake.commits("bronze/raw")
    assert release_files(warehouse, "raw", ["a.csv"]) == [path]
    assert lake.run(pipeline).status == "ok"
    assert lake.commits("bronze/raw") == commits + 1, "the old rows go in the commit that brings the new ones"
    assert lake.rows("bronze/raw", "id", "units") == [("1", "5"), ("2", "6"), ("3", "7")]
    assert lake.rows("silver/sales") == [(1, 5), (2, 6), (3, 7)]
    assert lake.rows("bronze/raw_quarantine") == []
    assert (files_set_aside(warehouse, "raw"), lake.run(pipeline).status) == ({}, "nothing new")
    # Rows that a reader has taken can't be called back: it says what it needs.
    lake.land("a.csv", (1, 5, DAY), (2, 8, DAY))
    lake.run(pipeline)
    release_files(warehouse, "raw")
    failed = lake.run(pipeline).outcomes["sales"]
    assert isinstance(failed, Failed)
    assert "run with --full-refresh 'sales+'" in str(failed.error)
    assert lake.rows("bronze/raw", "id", "units") == [("1", "5"), ("2", "8"), ("3", "7")]
    assert lake.run(pipeline, full_refresh=["sales+"]).status == "ok"
    assert lake.rows("silver/sales") == [(1, 5), (2, 8), (3, 7)]


@pytest.mark.slow
def test_a_file_that_stops_the_table_that_takes_it_is_taken_when_it_is_corrected(lake: Lake) -> None:
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    rows = from_files("${landing}/*.csv", columns=["id", "units"]).expect_or_fail("sold", "int(units) > 0")
    pipeline = builder.bronze("raw", rows).build()
    lake.land("a.csv", (1, 5), (2, -6), header="id,units")
    assert lake.run(pipeline).failures
    lake.land("a.csv", (1, 5), (2, 6), header="id,units")
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("bronze/raw", "id", "units") == [("1", "5"), ("2", "6")]


@pytest.mark.slow
def test_a_table_that_keeps_no_file_names_says_how_a_corrected_file_comes_in(lake: Lake) -> None:
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    rows = from_files("${landing}/*.csv", columns=["id", "units"]).select("id", "units").append()
    pipeline = builder.bronze("raw", rows).build()
    warehouse = Warehouse.at(lake.warehouse)
    lake.land("a.csv", (1, 5), header="id,units")
    lake.run(pipeline)
    lake.land("a.csv", (1, 6), header="id,units")
    lake.run(pipeline)
    (path,) = release_files(warehouse, "raw")
    assert lake.run(pipeline).status == "ok"
    assert files_set_aside(warehouse, "raw")[path].endswith("rebuild it, run with --full-refresh")
    assert lake.rows("bronze/raw") == [("1", "5")]
    assert lake.run(pipeline).status == "nothing new", "a released file is looked at once"
    assert lake.run(pipeline, full_refresh=["raw"]).status == "ok"
    assert lake.rows("bronze/raw") == [("1", "6")]


def test_readers_of_a_table_that_was_put_back_go_on_or_say_what_they_need(lake: Lake) -> None:
    pipeline = shop(sales=("silver", TYPED.append()))
    warehouse = Warehouse.at(lake.warehouse)
    lake.land("a.csv", (0, 1, DAY))
    lake.run(pipeline)
    # The reader has not seen what goes: it goes on as if nothing had been.
    lake.land("b.csv", (1, 1, DAY))
    lake.run(pipeline, select=["raw"])
    assert restore_table(warehouse, "raw", 0).ahead == ()
    assert lake.rows("bronze/raw", "id") == [("0",)]
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("bronze/raw", "id") == [("0",), ("1",)]
    assert lake.rows("silver/sales", "id") == [(0,), (1,)]
    # It has: what it needs is said when the table is put back, and by the next run; putting it back too is enough.
    assert restore_table(warehouse, "raw", 0).ahead == ("silver/sales",)
    failed = lake.run(pipeline).outcomes["sales"]
    assert isinstance(failed, Failed)
    assert "run with --full-refresh 'sales+'" in str(failed.error)
    assert lake.rows("bronze/raw", "id") == [("0",), ("1",)]
    assert restore_table(warehouse, "sales", 0).last_batch == 0
    assert lake.run(pipeline).status == "ok"
    assert lake.rows("silver/sales", "id") == [(0,), (1,)]
    assert lake.run(pipeline).status == "nothing new"
