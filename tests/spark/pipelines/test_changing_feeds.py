"""A feed of changes whose columns or whose declaration change, and a table that is rebuilt from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    ChangedRulesError,
    DeclarativePipelineBuilder,
    DefinitionErrors,
    Failed,
    PipelineDefinition,
    from_files,
    read,
    run_pipeline,
)
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark

CDC: dict[str, Any] = {"keys": ["id"], "sequence_by": "at", "apply_as_deletes": "op = 'D'"}


def feed(*columns: str, evolve: bool = True, **options: Any) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    raw = from_files("${landing}/*.csv", columns=("id", "at", "op", "a", "b"), optional=("b",))
    builder.bronze("raw", raw)
    changes = (
        read("raw", incremental=True).cast({"id": "int", "at": "int"}).select("id", "at", "op", *columns)
    )
    taken = {**CDC, "except_column_list": ["op"], "evolve_schema": evolve, **options}
    builder.silver("now", changes.apply_changes(**taken))
    builder.silver("history", changes.apply_changes(**taken, stored_as_scd_type=2))
    return builder.build()


@pytest.mark.slow
def test_columns_come_and_go_where_that_is_allowed(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("1.csv", (1, 1, "U", "x"), (2, 1, "U", "y"), header="id,at,op,a")
    assert lake.run(feed("a")).status == "ok"
    lake.land("2.csv", (1, 2, "U", "x", "new"), (3, 1, "U", "z", "new"), header="id,at,op,a,b")
    with pytest.raises(DefinitionErrors, match="'b' \\(string\\) is not expected"):
        lake.run(feed("a", "b", evolve=False), select=["now"])
    result = lake.run(feed("a", "b"))
    assert result.status == "ok", result.failures
    assert lake.rows("silver/now", "id", "a", "b") == [(1, "x", "new"), (2, "y", None), (3, "z", "new")]
    lake.land("3.csv", (3, 2, "U", "w"), (2, 0, "U", "older"), header="id,at,op,a")
    result = lake.run(feed("a"))
    assert result.status == "ok", result.failures
    assert lake.rows("silver/now", "id", "a", "b") == [(1, "x", "new"), (2, "y", None), (3, "w", None)]
    assert lake.rows("silver/history", "id", "a", "b", "__START_AT", "__END_AT") == [
        (1, "x", "new", 2, None),
        (1, "x", None, 1, 2),
        (2, "older", None, 0, 1),
        (2, "y", None, 1, None),
        (3, "w", None, 2, None),
        (3, "z", "new", 1, 2),
    ]


@pytest.mark.slow
def test_rules_that_bind_stop_the_run_until_the_table_is_rebuilt(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("1.csv", (1, 1, "U", "x"), (2, 2, "D", ""), header="id,at,op,a")
    assert lake.run(feed("a")).status == "ok"
    lake.land("2.csv", (1, 2, "U", None), (2, 1, "U", "y"), header="id,at,op,a")
    patching = feed("a", ignore_null_updates=True)
    outcome = lake.run(patching, select=["raw", "now"]).outcomes["now"]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, ChangedRulesError)
    assert "ignore_null_updates=False" in str(outcome.error)
    rebuilt = run_pipeline(
        patching,
        spark=spark,
        warehouse=lake.warehouse,
        variables={"landing": str(lake.landing)},
        select=["now"],
        full_refresh=["now"],
    )
    assert rebuilt.status == "ok", rebuilt.failures
    assert lake.rows("silver/now", "id", "at", "a") == [(1, 2, "x")]
    lake.land("3.csv", (2, 1, "U", "y"), (1, 3, "D", ""), header="id,at,op,a")
    assert lake.run(patching, select=["raw", "now"]).status == "ok"
    assert lake.rows("silver/now", "id", "at", "a") == []


def test_a_condition_on_a_column_that_is_not_there_is_refused_before_data_is_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("1.csv", (1, 1, "U", "x"), header="id,at,op,a")
    with pytest.raises(DefinitionErrors, match="opp") as raised:
        lake.run(feed("a", apply_as_deletes="opp = 'D'"))
    assert len(raised.value.errors) == 2
    with pytest.raises(DefinitionErrors, match="no_such"):
        lake.run(feed("a", sequence_by="no_such"))
