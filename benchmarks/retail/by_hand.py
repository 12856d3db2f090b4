"""The yardstick: the retail pipeline as a good engineer writes it by hand in PySpark and Delta.

The same tables, rules, quarantine and counts as ``jobs/retail.py``; frames that two writes need are
persisted; one table after the other; no events, no tracking of what was processed, nothing checked before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

COLUMNS = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
RAW_SCHEMA = StructType([StructField(name, StringType()) for name in COLUMNS])


@dataclass
class Report:
    """What the run counted, and where its time went."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started


def run(spark: SparkSession, landing: str, warehouse: str) -> Report:
    """Fill every table of an empty warehouse from the CSV files of a folder."""
    report = Report()
    with report.step("sales_raw"):
        _write(_raw(spark, landing), warehouse, "bronze/sales_raw", mode="append")
    with report.step("read, cast, deduplicate"):
        typed = _typed(spark.read.format("delta").load(f"{warehouse}/bronze/sales_raw"))
        distinct = typed.dropDuplicates(_data_columns(typed)).persist()
        judged = _judged(distinct.where(~F.col("InvoiceNo").startswith("C"))).persist()
        report.counts |= _counts(spark, warehouse, distinct, judged)
    if report.counts["fail: dated"]:
        raise ValueError(f"{report.counts['fail: dated']} sales have no date")
    with report.step("cancellations"):
        cancelled = distinct.where(F.col("InvoiceNo").startswith("C"))
        _write(cancelled, warehouse, "silver/cancellations", mode="append")
    with report.step("sales"):
        good = judged.where(F.col("_verdict") == "write").drop("_verdict", "_errors")
        _write(good, warehouse, "silver/sales", mode="append")
    with report.step("sales_quarantine"):
        bad = judged.where(F.col("_verdict") == "quarantine").drop("_verdict")
        _write(bad, warehouse, "silver/sales_quarantine", mode="append")
    judged.unpersist()
    distinct.unpersist()
    sales = spark.read.format("delta").load(f"{warehouse}/silver/sales")
    for name, frame in _gold(sales).items():
        with report.step(name):
            _write(frame, warehouse, f"gold/{name}", mode="overwrite")
    return report


def _raw(spark: SparkSession, landing: str) -> DataFrame:
    files = spark.read.option("header", "true").schema(RAW_SCHEMA).csv(f"{landing}/*.csv*")
    return files.select(
        *COLUMNS,
        F.col("_metadata.file_path").alias("_source_file"),
        F.current_timestamp().alias("_ingested_at"),
        F.lit(None).cast("string").alias("_rescued_data"),
    )


def _typed(raw: DataFrame) -> DataFrame:
    return raw.select(
        "InvoiceNo",
        "StockCode",
        "Description",
        F.expr("try_cast(Quantity AS INT)").alias("Quantity"),
        F.expr("try_cast(InvoiceDate AS TIMESTAMP)").alias("InvoiceDate"),
        F.expr("try_cast(UnitPrice AS DECIMAL(10,3))").alias("UnitPrice"),
        F.expr("try_cast(try_cast(CustomerID AS DECIMAL(12,1)) AS INT)").alias("CustomerID"),
        "Country",
        "_source_file",
        "_ingested_at",
    )


def _data_columns(frame: DataFrame) -> list[str]:
    return [name for name in frame.columns if not name.startswith("_")]


def _judged(sales: DataFrame) -> DataFrame:
    """Add the list of broken rules, and what becomes of the row: the hardest rule decides."""
    broken = {
        "dated": ~F.coalesce(F.col("InvoiceDate").isNotNull(), F.lit(False)),
        "priced": ~F.coalesce(F.col("UnitPrice") > 0, F.lit(False)),
        "has_units": ~F.coalesce(F.col("Quantity") > 0, F.lit(False)),
        "known_customer": F.col("CustomerID").isNull(),
    }
    errors = F.filter(F.array(*[_error(name, is_broken) for name, is_broken in broken.items()]), F.isnotnull)
    verdict = (
        F.when(broken["dated"], "fail")
        .when(broken["priced"], "quarantine")
        .when(broken["has_units"], "drop")
        .otherwise("write")
    )
    revenue = (F.col("Quantity") * F.col("UnitPrice")).cast("decimal(18,3)")
    return sales.select(
        "*",
        revenue.alias("revenue"),
        F.to_date("InvoiceDate").alias("day"),
        F.trunc("InvoiceDate", "month").alias("month"),
        errors.alias("_errors"),
        verdict.alias("_verdict"),
    )


def _error(rule: str, is_broken: Column) -> Column:
    return F.when(is_broken, F.struct(F.lit(rule).alias("rule"), F.lit(f"{rule} is broken").alias("message")))


def _is_about(rule: str) -> Callable[[Column], Column]:
    return lambda error: error["rule"] == rule


def _counts(spark: SparkSession, warehouse: str, distinct: DataFrame, judged: DataFrame) -> dict[str, int]:
    """Count rows and broken rules, and check that no row is lost; this fills the persisted frames, too."""
    raw = spark.read.format("delta").load(f"{warehouse}/bronze/sales_raw").count()
    rules = {"fail": "dated", "quarantine": "priced", "drop": "has_units", "warn": "known_customer"}
    verdicts = [F.count_if(F.col("_verdict") == name).alias(name) for name in ("write", "drop", "quarantine")]
    broken = [
        F.count_if(F.exists("_errors", _is_about(rule))).alias(f"{kind}: {rule}")
        for kind, rule in rules.items()
    ]
    sales = judged.agg(F.count("*").alias("sales"), *verdicts, *broken).first().asDict()
    if sales["sales"] != sales["write"] + sales["drop"] + sales["quarantine"] + sales["fail: dated"]:
        raise ValueError(f"rows were lost: {sales}")
    return {"raw": raw, "distinct": distinct.count(), **sales}


def _gold(sales: DataFrame) -> dict[str, DataFrame]:
    orders = F.count_distinct("InvoiceNo").alias("orders")
    revenue = F.sum("revenue").alias("revenue")
    return {
        "daily_revenue": sales.groupBy("day").agg(orders, F.sum("Quantity").alias("units"), revenue),
        "customer_value": sales.where("CustomerID IS NOT NULL")
        .groupBy(F.col("CustomerID").alias("customer_id"))
        .agg(orders, revenue),
        "country_month": sales.groupBy(F.col("Country").alias("country"), "month").agg(orders, revenue),
    }


def _write(frame: DataFrame, warehouse: str, table: str, *, mode: str) -> None:
    frame.write.format("delta").mode(mode).save(str(Path(warehouse) / table))
