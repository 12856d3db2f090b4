"""Tables have names that Spark knows, and SQL in Spark's dialect answers from them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from lakehouse.pipelines import read, register_tables
from lakehouse.settings import CatalogSettings
from lakehouse.tables import SparkCatalog, TakenNameError
from tests.spark.pipelines.landing import Lake, shop

pytestmark = pytest.mark.spark

DAY = "2024-01-01"
TYPED = (
    read("raw", incremental=True).cast({"id": "int", "units": "int"}, on_error="null").select("id", "units")
)
PIPELINE = shop(
    sales=("silver", TYPED.expect_or_quarantine("sold", "units > 0").append()),
    totals=("gold", read("sales").aggregate(by="id", units="sum(units)").replace()),
)
SESSION = CatalogSettings(kind="session")


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 5, DAY), (2, 6, DAY), (3, -1, DAY))
    yield lake
    for schema in ("bronze", "silver", "gold", "system"):
        spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def test_tables_have_names_and_queries_in_spark_s_dialect_use_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spark = lake.spark
    assert lake.run(PIPELINE, catalog=SESSION).warnings == ()
    assert sorted(map(tuple, spark.table("gold.totals").collect())) == [(1, 5), (2, 6)]
    elsewhere = shutil.copytree(lake.warehouse, lake.landing.parent / "elsewhere")
    # New versions are seen, and running again changes nothing; dropping a name deletes no file.
    lake.land("b.csv", (1, 10, DAY))
    lake.run(PIPELINE, catalog=SESSION)
    query = "SELECT id, units FROM silver.sales WHERE units >= 6 ORDER BY units DESC"
    assert list(map(tuple, spark.sql(query).collect())) == [(1, 10), (2, 6)]
    spark.sql("DROP TABLE gold.totals")
    assert lake.run(PIPELINE, catalog=SESSION).status == "nothing new"
    assert spark.table("gold.totals").count() == 2, "a session that is given has the names, new rows or not"
    named = register_tables(spark, lake.warehouse)
    assert named == [
        "bronze.raw",
        "gold.totals",
        "silver.sales",
        "silver.sales_quarantine",
        "system.events",
    ]
    assert spark.table("silver.sales_quarantine").select("units").collect()[0].units == -1
    # In the session's own catalog a name goes to the warehouse that asked last; a shared one refuses.
    register_tables(spark, elsewhere, catalog=SESSION)
    assert sorted(map(tuple, spark.table("gold.totals").collect())) == [(1, 5), (2, 6)]
    shared = SparkCatalog(spark, is_shared=True)
    with pytest.raises(TakenNameError, match="drop that name"):
        shared.register("gold", "totals", str(lake.warehouse / "gold" / "totals"))
    # The command line.
    monkeypatch.setattr("lakehouse.cli.sql_by_spark.open_session", lambda *_, **__: spark)

    def sql(text: str, form: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["sql", text, "--spark", "--warehouse", str(lake.warehouse), "--format", form])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    code, printed = sql(
        "SELECT id, try_divide(units, 0) AS q, units FROM silver.sales ORDER BY id, units", "json"
    )
    assert code == 0
    assert [json.loads(line)["units"] for line in printed.splitlines()] == [5, 10, 6]
    code, printed = sql("SELECT * FROM gold.totals ORDER BY id;", "csv")
    assert list(csv.reader(io.StringIO(printed))) == [["id", "units"], ["1", "15"], ["2", "6"]]
    for statement in ("DELETE FROM silver.sales", "INSERT INTO gold.totals VALUES (7, 7)", "SELEC 1"):
        code, printed = sql(statement, "json")
        assert code == 2
        assert "the query can't be answered" in printed
    assert len(lake.rows("silver/sales")) == 3
