"""The job that reads nested orders: landed or run, each order once, and the torn and the odd one set aside."""

from __future__ import annotations

import json
import runpy
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from job_programs import ROOT
from pyspark.sql import SparkSession

from lakehouse.pipelines import land, run_pipeline

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_the_job_counts_what_was_sold_of_whole_orders(spark: SparkSession, warehouse: Path) -> None:
    pipeline = runpy.run_path(str(ROOT / "jobs" / "nested_orders.py"))["pipeline"]
    variables = {"landing": str(ROOT / "data" / "orders")}
    assert land(pipeline, "orders_raw", warehouse=warehouse, variables=variables).failures == ()
    assert run_pipeline(pipeline, spark=spark, warehouse=warehouse, variables=variables).failures == ()
    sold: dict[str, Decimal] = defaultdict(Decimal)
    for file in sorted((ROOT / "data" / "orders").glob("*.jsonl")):
        for text in file.read_text().splitlines()[: 3 if "01-01" in file.name else 0]:
            for line in json.loads(text, parse_float=Decimal)["lines"]:
                sold[line["sku"]] += line["quantity"] * line["price"]
    gold = spark.read.format("delta").load(str(warehouse / "gold/sold_by_article")).collect()
    assert {row.sku: row.revenue for row in gold} == sold
    aside = spark.read.format("delta").load(str(warehouse / "silver/orders_whole_quarantine")).collect()
    assert sorted(str(row.order_id) for row in aside) == ["4", "None"]
