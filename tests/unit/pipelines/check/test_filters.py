"""The conditions by which a pipeline reads stored tables whole are found without Spark, and maintenance uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli import main
from lakehouse.delta_log import Snapshot, col
from lakehouse.optimization import QueryOptimizer, Workload, filters_of_readers, keep_filters
from lakehouse.pipelines import DeclarativePipelineBuilder, Warehouse, filters_of, graph_of, read
from tests.unit.optimization.optimized_tables import append, points

HIGH = "x >= 900 AND text IS NOT NULL"


def test_conditions_on_stored_columns_are_found_by_the_table_that_they_ask() -> None:
    made = (
        DeclarativePipelineBuilder("shop")
        .silver("sales", read("raw.sales").where("units > 0").replace())
        .gold("high", read("sales").where(HIGH).where("y = 5").select("x").where("x = 1").replace())
        .gold("odd", read("sales").where("y % 2 = 1").replace())
        .gold("new", read("sales", incremental=True).where("y = 7").append())
        .gold("made", read("sales").transform(lambda rows: rows).where("y = 8").replace())
        .gold("by_code", read("sales").where(lambda: col("y") == 9).replace())
        .build()
    )
    assert filters_of(graph_of(made)) == {
        "raw/sales": ["units > 0"],
        "silver/sales": [HIGH, "y = 5", "y % 2 = 1"],
    }


def test_maintenance_sorts_for_the_conditions_of_all_pipelines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = Warehouse.at(tmp_path)
    table = tmp_path / "silver" / "sales"
    for seed in range(12):
        append(table, points(seed))
    assert filters_of_readers(Snapshot.load(table)) == ()
    keep_filters(warehouse.storage, "one", {"silver/sales": [HIGH, "y % 2 = 1", "no_such_column = 1"]})
    keep_filters(warehouse.storage, "other/one", {"silver/sales": [HIGH], "gold/sales": ["y = 1"]})
    expected = (col("x") >= 900) & ~col("text").is_null()
    found = filters_of_readers(Snapshot.load(table))
    assert found == (expected,)
    workload = Workload(filters=found, target_file_bytes=10_000)
    [outcome] = QueryOptimizer.made_for(workload, names=["clustering"]).plan(str(table))
    assert outcome.reason.endswith("are sorted by text, x")
    assert main(["maintain", str(table), "--dry-run", "--strategy", "clustering"]) == 0
    assert "are sorted by text, x" in capsys.readouterr().out
    keep_filters(warehouse.storage, "one", {})
    keep_filters(warehouse.storage, "other/one", {"silver/sales": ["y = 1"]})
    assert filters_of_readers(Snapshot.load(table)) == (col("y") == 1,)
