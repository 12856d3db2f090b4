"""What becomes of a new column, and of a value of another type, is what the table's contract says."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from landing import Lake
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    Failed,
    NothingNew,
    PipelineDefinition,
    Refreshed,
    RunResult,
    from_files,
    read,
    stream_pipeline,
)

pytestmark = pytest.mark.spark

ANSWERS = ("evolve", "discard_row", "discard_value", "quarantine")
BEFORE = ("CAST(id AS INT) AS id", "CAST(units AS INT) AS units")
AFTER = ("CAST(id AS INT) AS id", "CAST(units AS BIGINT) AS units", "nullif(day, '-') AS day")
ROWS = [(1, 1, "-"), (2, 5_000_000_000, "-"), (3, 3, "monday"), (4, 4, "-")]
"""What comes with the second batch: a value that no int holds, and one in a column that is new."""


def shop(columns: tuple[str, ...], **contracts: Any) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
    for name, contract in contracts.items():
        flow = read("raw", incremental=True).select(*columns)
        builder.silver(name, flow.merge("id") if "merged" in name else flow.append(), contract=contract)
    return builder.build()


def with_replaced(given: PipelineDefinition, units: str) -> PipelineDefinition:
    """Return the definition with a table that is replaced in each run, whose column has the type of ``units``."""
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.silver("replaced", read("raw").select("id", units).replace(), contract={"columns": "evolve"})
    return dataclasses.replace(given, tables=(*given.tables, *builder.build().tables))


def refreshed(result: Any, table: str) -> Any:
    outcome = result.outcomes[table]
    assert isinstance(outcome, Refreshed), (table, outcome)
    return outcome.refreshes[-1].tally


def test_each_answer_takes_what_comes_as_it_says(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    contracts: dict[str, Any] = {answer: answer for answer in ANSWERS}
    contracts["merged_rescue"] = {"columns": "rescue", "data_type": "rescue"}
    contracts["merged_evolve"] = "evolve"
    lake.land("1.csv", (0, 0, "-"))
    lake.run(with_replaced(shop(BEFORE, **contracts), "CAST(units AS INT) AS units"))
    lake.land("2.csv", *ROWS)

    result = lake.run(with_replaced(shop(AFTER, **contracts), "units"))

    assert result.status == "ok", result.outcomes
    taken = [
        (0, 0, None),
        (1, 1, None),
        (2, 5_000_000_000, None),
        (3, 3, "monday"),
        (4, 4, None),
    ]
    assert lake.rows("silver/evolve") == lake.rows("silver/merged_evolve") == taken
    types = spark.read.format("delta").load(str(lake.warehouse / "silver/evolve")).dtypes
    assert types == [("id", "int"), ("units", "bigint"), ("day", "string")]
    types = spark.read.format("delta").load(str(lake.warehouse / "silver/replaced")).dtypes
    assert types == [("id", "string"), ("units", "string")], "rows that replace all others bring their types"
    assert lake.rows("silver/discard_value") == [(0, 0), (1, 1), (2, None), (3, 3), (4, 4)]
    for name in ("discard_row", "quarantine"):
        assert lake.rows(f"silver/{name}") == [(0, 0), (1, 1), (4, 4)]
        tally = refreshed(result, name)
        assert dict(tally.broken) == {"contract(units)": 1, "contract(day)": 1}
        assert (tally.rows_in, tally.written) == (4, 2)
    assert refreshed(result, "discard_row").dropped == refreshed(result, "quarantine").quarantined == 2
    rows = lake.rows("silver/merged_rescue", "id", "units", "_rescued_data")
    assert [(row[0], row[1], row[2] and json.loads(row[2])) for row in rows] == [
        (0, 0, None),
        (1, 1, None),
        (2, None, {"units": 5_000_000_000}),
        (3, 3, {"day": "monday"}),
        (4, 4, None),
    ]
    errors = [
        (row[0], [tuple(each) for each in row[1]])
        for row in lake.rows("silver/quarantine_quarantine", "id", "_errors")
    ]
    assert errors == [
        (2, [("contract(units)", "'units' can't be int: 5000000000")]),
        (3, [("contract(day)", "the table takes no column 'day': monday")]),
    ]

    # The next batch finds the table as it is now, widened or not.
    lake.land("3.csv", (3, 6_000_000_000, "sunday"))
    names = ["raw", "evolve", "merged_rescue", "merged_evolve", "discard_row"]
    again = lake.run(shop(AFTER[:2], **contracts), select=names, full_refresh=["discard_row"])
    assert again.status == "ok", again.outcomes
    types = spark.read.format("delta").load(str(lake.warehouse / "silver/discard_row")).dtypes
    assert types == [("id", "int"), ("units", "bigint")], (
        "a table that is rebuilt begins with its rows' types"
    )
    late = (3, 6_000_000_000, None)
    assert lake.rows("silver/evolve") == [*taken[:4], late, taken[4]]
    assert lake.rows("silver/merged_evolve") == [*taken[:3], late, taken[4]], "what no longer comes is NULL"
    assert len(lake.rows("silver/merged_rescue")) == 5


@pytest.mark.slow
def test_a_stream_answers_as_a_run_does_also_where_rows_are_merged(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    contracts: dict[str, Any] = {"evolve": "evolve", "discard_row": "discard_row"}
    contracts |= {f"merged_{answer}": answer for answer in ("evolve", "quarantine", "discard_value")}
    lake.land("1.csv", (0, 0, "-"))
    lake.run(shop(BEFORE, **contracts))
    lake.land("2.csv", *ROWS)

    result = stream_pipeline(
        shop(AFTER, **contracts),
        spark=spark,
        warehouse=lake.warehouse,
        variables={"landing": str(lake.landing)},
        mode="available-now",
    )

    assert not result.failures, result.failures
    taken = [(0, 0, None), (1, 1, None), (2, 5_000_000_000, None), (3, 3, "monday"), (4, 4, None)]
    assert lake.rows("silver/evolve") == lake.rows("silver/merged_evolve") == taken
    assert (
        lake.rows("silver/discard_row") == lake.rows("silver/merged_quarantine") == [(0, 0), (1, 1), (4, 4)]
    )
    assert lake.rows("silver/merged_quarantine_quarantine", "id") == [(2,), (3,)]
    assert lake.rows("silver/merged_discard_value") == [(0, 0), (1, 1), (2, None), (3, 3), (4, 4)]


@pytest.fixture(scope="module")
def begun(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, RunResult]:
    """Tables of one row, and another row that has landed since."""
    lake = Lake(spark, tmp_path_factory.mktemp("begun"))
    lake.land("1.csv", (0, 7, "-"))
    not_there = {"frozen": {"tables": "freeze"}, "left": {"tables": "discard_row"}}
    result = lake.run(shop(BEFORE, **FROZEN, **not_there, t=None))
    lake.land("2.csv", (1, 8, "-"))
    return lake, result


FROZEN: dict[str, Any] = {"partly": {"columns": "freeze"}, "silent": None}


def test_what_a_contract_freezes_is_said_by_validate_and_stops_the_table(
    begun: tuple[Lake, RunResult],
) -> None:
    lake, _ = begun
    before = lake.commits("silver/partly")

    with pytest.raises(DefinitionErrors) as refused:
        lake.run(shop(AFTER, **FROZEN))

    assert len(refused.value.errors) == 2, (
        "each table says what its write mode says, where its contract is silent"
    )
    for error in refused.value.errors:
        assert "'units' is bigint, expected int; 'day' (string) is not expected" in str(error)
        assert "for a new column, contract={'columns': 'evolve'}" in str(error)
        assert "for another type, cast, or contract={'data_type': 'evolve'}" in str(error)
    assert lake.commits("silver/partly") == before


def test_a_contract_says_what_becomes_of_a_table_that_is_not_there(begun: tuple[Lake, RunResult]) -> None:
    lake, result = begun
    assert isinstance(result.outcomes["t"], Refreshed)
    assert isinstance(result.outcomes["left"], NothingNew)
    failed = result.outcomes["frozen"]
    assert isinstance(failed, Failed)
    assert "its contract freezes tables" in str(failed.error)
    assert not (lake.warehouse / "silver/left").exists()


def test_a_renamed_column_keeps_its_values_and_the_files_they_are_in(begun: tuple[Lake, RunResult]) -> None:
    lake, _ = begun
    files = {path.name for path in (lake.warehouse / "silver/t").glob("*.parquet")}
    renamed = ("CAST(id AS INT) AS id", "CAST(units AS INT) AS pieces")
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
    flow = read("raw", incremental=True).select(*renamed).append()
    pipeline = builder.silver("t", flow, renamed={"units": "pieces"}).build()

    for _ in range(2):
        assert lake.run(pipeline).status in ("ok", "nothing new")

    assert lake.rows("silver/t", "id", "pieces") == [(0, 7), (1, 8)]
    assert files <= {path.name for path in (lake.warehouse / "silver/t").glob("*.parquet")}


@pytest.mark.slow
def test_columns_and_fields_come_to_a_table_that_evolves_and_are_null_where_rows_lack_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    one = "named_struct('n', CAST(units AS INT)) AS s"
    two = "named_struct('day', day, 'n', CAST(units AS INT)) AS s"
    lines = "array(named_struct('day', day)) AS l"

    def take(number: int, *columns: str) -> None:
        lake.land(f"{number}.csv", (number, number, "monday"))
        result = lake.run(shop(("CAST(id AS INT) AS id", *columns), added="evolve"))
        assert result.status == "ok", result.failures

    take(1, "array(named_struct('n', 1)) AS l", one)
    take(2, "array(named_struct('n', 1, 'day', day)) AS l", two, "day AS new")
    take(3, lines, one)
    rows = lake.rows("silver/added", "id", "s", "l", "new")
    assert [(key, struct.asDict(), array[0].asDict(), new) for key, struct, array, new in rows] == [
        (1, {"n": 1, "day": None}, {"n": 1, "day": None}, None),
        (2, {"n": 2, "day": "monday"}, {"n": 1, "day": "monday"}, "monday"),
        (3, {"n": 3, "day": None}, {"n": None, "day": "monday"}, None),
    ]


@pytest.mark.slow
def test_numbers_of_either_kind_come_to_a_column_that_grows_for_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    whole, exact = "CAST(units AS INT) AS units", "CAST(units AS DECIMAL(6,2)) AS units"
    for number, columns in enumerate([(whole,), (exact,), (whole,)]):
        lake.land(f"{number}.csv", (number, f"{number}.5" if columns == (exact,) else number, "-"))
        flow = read("raw", incremental=True).select(*columns)
        builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
        builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
        builder.silver("added", flow.append(evolve_schema=True))
        builder.silver("evolved", flow.append(), contract="evolve")
        result = lake.run(builder.build())
        assert result.status == "ok", result.failures
    for name in ("added", "evolved"):
        frame = spark.read.format("delta").load(str(lake.warehouse / "silver" / name))
        assert frame.dtypes == [("units", "decimal(12,2)")]
        assert sorted(float(row[0]) for row in frame.collect()) == [0, 1.5, 2]
