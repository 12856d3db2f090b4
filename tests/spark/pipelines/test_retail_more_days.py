"""The retail job over as many days as the machine has, in two runs, against plain Python."""

from __future__ import annotations

import os
import runpy
import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import run_pipeline
from tests.spark.pipelines.retail_oracle import expected_of

FOLDER = os.environ.get("LAKEHOUSE_RETAIL_DAYS", "")
pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="LAKEHOUSE_RETAIL_DAYS names no folder of daily files"),
]


def test_all_days_give_what_plain_python_gives(spark: SparkSession, tmp_path: Path) -> None:
    job = runpy.run_path(str(Path(__file__).parents[3] / "jobs" / "retail.py"))
    days = sorted(Path(FOLDER).glob("*.csv*"))
    expected = expected_of(days)
    landing, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    landing.mkdir()
    for part in (days[:-5], days[-5:]):
        for day in part:
            shutil.copy(day, landing)
        result = run_pipeline(
            job["pipeline"], spark=spark, warehouse=warehouse, variables={"landing": str(landing)}
        )
        assert result.status == "ok", result.failures

    def count(table: str) -> int:
        return spark.read.format("delta").load(str(warehouse / table)).count()

    assert count("bronze/sales_raw") == expected.raw
    assert count("silver/sales") == expected.sales
    assert count("silver/cancellations") == expected.cancellations
    assert count("silver/sales_quarantine") == expected.quarantined
    daily = spark.read.format("delta").load(str(warehouse / "gold/daily_revenue")).collect()
    assert {row.day: (row.orders, row.units, row.revenue) for row in daily} == expected.daily
