"""Rows from the definition, and Delta and Parquet tables that the pipeline does not make, are read as they stand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    Flow,
    PipelineDefinition,
    RunResult,
    from_delta,
    from_parquet,
    from_range,
    from_rows,
    from_table,
    read,
    run_pipeline,
)

pytestmark = pytest.mark.spark

RATES = {"currency": "string", "rate": "decimal(10,2)", "since": "date"}


def one(layer: str, name: str, flow: Flow, pipeline: str = "shop") -> PipelineDefinition:
    return DeclarativePipelineBuilder(pipeline).table(name, flow, layer=layer).build()


def test_rows_and_tables_from_outside(spark: SparkSession, tmp_path: Path) -> None:
    lake, parquet, delta = tmp_path / "lake", tmp_path / "parquet", tmp_path / "delta"

    def run(definition: PipelineDefinition) -> RunResult:
        result = run_pipeline(definition, spark=spark, warehouse=lake)
        assert not result.failures, result.failures
        return result

    def rows(table: str) -> list[tuple[object, ...]]:
        return sorted(map(tuple, spark.read.format("delta").load(str(lake / table)).collect()), key=repr)

    spark.sql("SELECT CAST(id AS int) AS id, 'EUR' AS currency, 'x' AS more FROM range(3)").coalesce(
        1
    ).write.parquet(str(parquet))
    spark.sql("SELECT id FROM range(5)").write.format("delta").save(str(delta))
    rates = from_rows([("EUR", 1, "2024-01-01"), {"currency": "USD", "rate": 1.25}], columns=RATES)
    definition = (
        DeclarativePipelineBuilder("shop")
        .bronze("orders", from_parquet(str(parquet), columns={"id": "int", "currency": "string"}).replace())
        .silver("rates", rates.replace())
        .gold(
            "rated", read("orders").join(rates, on="currency").join(from_delta(str(delta)), on="id").replace()
        )
        .silver("ids", from_delta(str(delta), incremental=True).append())
        .gold("numbers", from_range(3).union(from_range(7, start=5)).replace())
        .build()
    )
    run(definition)
    day = dt.date(2024, 1, 1)
    assert rows("silver/rates") == [("EUR", Decimal("1.00"), day), ("USD", Decimal("1.25"), None)]
    assert rows("gold/rated") == [(n, "EUR", Decimal("1.00"), day) for n in range(3)]
    assert rows("gold/numbers") == [(0,), (1,), (2,), (5,), (6,)]
    assert run(definition).status == "nothing new"

    spark.sql("SELECT 9L AS id").write.format("delta").mode("append").save(str(delta))
    spark.sql("SELECT 9 AS id, 'USD' AS currency").coalesce(1).write.mode("append").parquet(str(parquet))
    run(definition)
    assert rows("silver/ids") == [(n,) for n in (0, 1, 2, 3, 4, 9)]
    assert (9, "USD", Decimal("1.25"), None) in rows("gold/rated")

    # A table of another pipeline in the same warehouse goes by its layer and name.
    other = one("gold", "copied", from_delta("gold.numbers").where("id > 2").replace(), pipeline="report")
    run(other)
    assert rows("gold/copied") == [(5,), (6,)]

    for path in parquet.glob("*.parquet"):
        path.unlink()
    spark.sql("SELECT 1 AS idd, 'EUR' AS currency").coalesce(1).write.mode("append").parquet(str(parquet))
    failed = run_pipeline(definition, spark=spark, warehouse=lake, select=["orders"])
    assert "'id' is missing (did you mean the column 'idd'" in str(failed.failures[0].error)

    with pytest.raises(
        DefinitionErrors, match=r"reads the Delta table 'gold\.nothing', and there is none at"
    ):
        run_pipeline(one("gold", "t", from_delta("gold.nothing").replace()), spark=spark, warehouse=lake)


def test_tables_of_a_catalog_are_read_at_their_versions(spark: SparkSession, tmp_path: Path) -> None:
    lake, columns = tmp_path / "lake", {"id": "bigint"}
    spark.sql("CREATE SCHEMA IF NOT EXISTS elsewhere")
    for name, form in (("ids", "delta"), ("plain", "parquet")):
        spark.sql(
            f"CREATE TABLE elsewhere.{name} (id bigint, more string) USING {form} LOCATION '{tmp_path}/{name}'"
        )
        spark.sql(f"INSERT INTO elsewhere.{name} VALUES (1, 'x'), (2, 'y')")
    named = "spark_catalog.elsewhere"
    definition = (
        DeclarativePipelineBuilder("shop")
        .silver("ids", from_table(f"{named}.ids", columns=columns, incremental=True).append())
        .gold("whole", from_table(f"{named}.ids", columns=columns).replace())
        .gold("plain", from_table("elsewhere.plain", format="parquet", columns=columns).replace())
        .build()
    )

    def run(*select: str) -> dict[str, object]:
        result = run_pipeline(definition, spark=spark, warehouse=lake, select=select)
        return {each.table: each.error for each in result.failures}

    def ids(table: str) -> list[int]:
        return sorted(row.id for row in spark.read.format("delta").load(str(lake / table)).collect())

    try:
        assert run() == {}
        spark.sql("INSERT INTO elsewhere.ids VALUES (3, 'z')")
        spark.sql("INSERT INTO elsewhere.plain VALUES (4, 'z')")
        assert run() == {}
        assert (ids("silver/ids"), ids("gold/whole"), ids("gold/plain")) == ([1, 2, 3], [1, 2, 3], [1, 2, 4])
        assert len(commits(lake / "silver/ids")) == 2
        assert run("ids", "whole") == {}
        assert len(commits(lake / "gold/whole")) == 2, "an unchanged version is not read again"
        spark.sql("DELETE FROM elsewhere.ids WHERE id = 1")
        failed = run("ids", "whole")
        assert "the table at 'spark_catalog.elsewhere.ids' has been replaced since" in str(failed["ids"])
        assert ids("gold/whole") == [2, 3]
        spark.sql("DROP TABLE elsewhere.plain")
        assert "'plain' reads the parquet table 'elsewhere.plain', which can't be read" in str(
            run("plain")["plain"]
        )
    finally:
        spark.sql("DROP SCHEMA elsewhere CASCADE")


def commits(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))
