"""What reads a table that is merged into: it takes the rows that changed, or is rebuilt, and the plan says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from lakehouse.delta_log import Snapshot
from lakehouse.optimization import needs_of_readers
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    RefreshContext,
    Warehouse,
    from_files,
    graph_of,
    plan_run,
    read,
)
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark

HEADER = "id,at,op,a"
CHANGED = {
    "keys": ["id"],
    "sequence_by": ["_commit_version", "_change_order"],
    "apply_as_deletes": "_change_type = 'delete'",
    "column_list": ["a", "length"],
}


def vacuum_all_but_what_is_needed(table: Path) -> None:
    """Delete every file that vacuum would, with no time that it waits: readers are a version behind."""
    assert needs_of_readers(Snapshot.load(table)).versions == {"silver/short_ones": 0, "silver/appended": 0}
    at_once = ("--retention-hours", "0", "--force", "--delete")
    assert main(["table", "vacuum", str(table), *at_once]) == 0


def test_readers_of_a_table_whose_rows_change_have_its_rows(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    feed = read("raw", incremental=True).cast({"id": "int", "at": "int"})
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=HEADER.split(",")))
    builder.silver(
        "now",
        feed.apply_changes(
            keys=["id"], sequence_by="at", apply_as_deletes="op = 'D'", column_list=["at", "a"]
        ),
    )
    long = read("now", changes=True).select("*", "length(a) AS length").where("length < 4")
    builder.silver("short_ones", long.apply_changes(**CHANGED))
    builder.silver("appended", read("now", incremental=True).select("id", "a").append())
    builder.gold("behind", read("appended", incremental=True).select("id").append())
    definition = builder.build()

    lake.land("1.csv", (1, 1, "U", "x"), (2, 1, "U", "y"), (3, 1, "U", "z"), header=HEADER)
    assert lake.run(definition).status == "ok"
    lake.land(
        "2.csv", (1, 2, "D", ""), (2, 2, "U", "yy"), (3, 2, "U", "long text"), (4, 1, "U", "w"), header=HEADER
    )
    assert lake.run(definition, select=["raw", "now"]).status == "ok"
    vacuum_all_but_what_is_needed(lake.warehouse / "silver" / "now")
    graph = graph_of(definition.with_variables({"landing": str(lake.landing)}))
    context = RefreshContext(
        pipeline=definition.name,
        open_session=lambda: spark,
        warehouse=Warehouse.at(lake.warehouse),
        tables=graph.tables,
    )
    plans = plan_run(graph, context)
    assert plans["appended"].why == "whole: rows of now changed: version 1 took 1 data files away"
    assert plans["short_ones"].why == "now has changed rows in version 1"
    assert lake.run(definition).status == "ok"
    now = [(2, "yy"), (3, "long text"), (4, "w")]
    assert lake.rows("silver/now", "id", "a") == now
    assert lake.rows("silver/short_ones", "id", "a") == [row for row in now if len(row[1]) < 4]
    assert lake.rows("silver/appended", "id", "a") == now
    assert lake.rows("gold/behind", "id") == [(row[0],) for row in now]
