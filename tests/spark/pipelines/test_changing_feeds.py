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
    stream_pipeline,
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


AS_FIRST = ("id", "at", "op", "named_struct('a', a, 'b', b) AS s", "array(named_struct('a', a)) AS l")
WITH_MORE = (
    "named_struct('b', b, 'a', a, 'c', 'c') AS s",
    "array(named_struct('b', b, 'a', a)) AS l",
    *("id", "at", "op", "a AS new"),
)
WITH_LESS = ("array(named_struct('b', b)) AS l", "named_struct('a', a) AS s", "at", "id", "op")


def nested(*columns: str) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "at", "op", "a", "b")))
    rows = read("raw", incremental=True).cast({"id": "int", "at": "int"})
    rows = rows.select(*columns)
    cdc: dict[str, Any] = {**CDC, "except_column_list": ["op"]}
    snapshots: dict[str, Any] = {"keys": ["id"], "sequence_by": "at", "except_column_list": ["op"]}
    modes = {
        "merged": rows.where("op = 'U'").merge("id"),
        "latest": rows.where("op = 'U'").merge("id", sequence_by="at"),
        "now": rows.apply_changes(**cdc),
        "history": rows.apply_changes(**cdc, stored_as_scd_type=2),
        "patched": rows.apply_changes(**cdc, ignore_null_updates=True),
        "snapshots": rows.where("op = 'U'").apply_changes_from_snapshots(**snapshots, stored_as_scd_type=2),
    }
    for name, flow in modes.items():
        builder.silver(name, flow, contract={"columns": "evolve"})
    return builder.build()


@pytest.mark.slow
@pytest.mark.parametrize("by_stream", [False, True])
def test_fields_within_columns_go_by_name_and_are_null_where_rows_lack_them(
    spark: SparkSession, tmp_path: Path, by_stream: bool
) -> None:
    lake = Lake(spark, tmp_path)
    batches = [
        [(1, 1, "U", "x1", "y1"), (2, 1, "U", "x2", "y2"), (3, 1, "U", "x3", "y3")],
        [(1, 2, "U", "X1", "Y1"), (2, 2, "U", "X2", "Y2"), (4, 2, "U", "X4", "Y4")],
        [(2, 3, "U", "z2", "w2"), (3, 0, "U", "late", "late"), (4, 3, "D", "", "")],
    ]
    shapes = (AS_FIRST, WITH_MORE, WITH_LESS)
    for number, (rows, columns) in enumerate(zip(batches, shapes, strict=True)):
        lake.land(f"{number}.csv", *rows, header="id,at,op,a,b")
        if by_stream:
            common: dict[str, Any] = {"spark": spark, "warehouse": lake.warehouse}
            variables = {"landing": str(lake.landing)}
            ended = stream_pipeline(nested(*columns), mode="available-now", variables=variables, **common)
            assert not ended.failures, ended.failures
        else:
            result = lake.run(nested(*columns))
            assert result.status == "ok", result.failures

    first = {n: ((f"x{n}", f"y{n}", None), ((f"x{n}", None),), None) for n in (1, 2, 3)}
    second = {n: ((f"X{n}", f"Y{n}", "c"), ((f"X{n}", f"Y{n}"),), f"X{n}") for n in (1, 2, 4)}
    last = [(2, "z2", "w2"), (3, "late", "late")]
    third = {n: ((a, None, None), ((None, b),), None) for n, a, b in last}
    assert values(lake, "merged") == {(1, *second[1]), (2, *third[2]), (3, *third[3]), (4, *second[4])}
    assert values(lake, "latest") == {(1, *second[1]), (2, *third[2]), (3, *first[3]), (4, *second[4])}
    assert values(lake, "now") == {(1, *second[1]), (2, *third[2]), (3, *first[3])}
    history = {
        (1, 1, 2, *first[1]),
        (1, 2, None, *second[1]),
        (2, 1, 2, *first[2]),
        (2, 2, 3, *second[2]),
        (2, 3, None, *third[2]),
        (3, 0, 1, *third[3]),
        (3, 1, None, *first[3]),
        (4, 2, 3, *second[4]),
    }
    assert values(lake, "history", "__START_AT", "__END_AT") == history
    patched = (2, ("z2", "Y2", "c"), ((None, "w2"),), "X2")
    assert values(lake, "patched") == {(1, *second[1]), patched, (3, *first[3])}
    # The late row of 3 comes with a snapshot of its own time: it is set aside.
    assert values(lake, "snapshots", "__START_AT", "__END_AT") == {
        (1, 1, 2, *first[1]),
        (1, 2, 3, *second[1]),
        (2, 1, 2, *first[2]),
        (2, 2, 3, *second[2]),
        (2, 3, None, *third[2]),
        (3, 1, 2, *first[3]),
        (4, 2, 3, *second[4]),
    }


def values(lake: Lake, table: str, *columns: str) -> set[Any]:
    """Return the rows, their structs in the order of names."""
    more = ["struct(s.a, s.b, s.c) AS s", "transform(l, e -> struct(e.a, e.b)) AS l", "new"]
    frame = lake.spark.read.format("delta").load(str(lake.warehouse / "silver" / table))
    found = frame.selectExpr("id", *columns, *more).collect()
    return {(*row[:-3], tuple(row["s"]), tuple(map(tuple, row["l"])), row["new"]) for row in found}


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
