"""The claim: a new day costs Gold a day, whatever the history; only groups that it touches are computed again.

    python benchmarks/growth_gold.py [--data FOLDER] [--sizes 1 10 100] [--days 3]

The history is the retail sales, so many times over with other invoice numbers, written into the Silver table day
after day; then one day after the other comes, and Gold takes it: once from new rows, once from all rows. Medians
of the days, each with its ratio to that of the smallest history, and the files and bytes that were opened.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType
from rich.console import Console
from rich.table import Table

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    Inputs,
    NewInputs,
    PipelineDefinition,
    ReadRequest,
    Refreshed,
    Source,
    SourceContext,
    TableOptions,
    read,
    run_pipeline,
)
from lakehouse.source_location import caller_location
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import NativeTable, TransactionId

ROOT = Path(__file__).parents[1]
FILE_ROWS = 500_000

ADDED = {
    "units": "sum(Quantity)",
    "revenue": "sum(revenue)",
    "mean_price": "avg(UnitPrice)",
    "lines": "count(*)",
}
GOLD = {
    "daily_added": read("sales").aggregate(by="day", **ADDED).replace(),
    "customers_added": read("sales").aggregate(by="CustomerID", **ADDED).replace(),
    "countries_added": read("sales").aggregate(by=("Country", "month"), **ADDED).replace(),
    "daily_orders": read("sales").aggregate(by="day", orders="count(DISTINCT InvoiceNo)").replace(),
    "customer_orders": read("sales").aggregate(by="CustomerID", orders="count(DISTINCT InvoiceNo)").replace(),
}
"""Measures that add up, by three kinds of keys; and one that does not, by the key of the files' order and another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Source):
    """The Silver table, which the benchmark itself writes."""

    ddl: str

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return StructType.fromDDL(self.ddl)

    def next_inputs(self, context: SourceContext, table: str, history: Sequence[Inputs]) -> NewInputs | None:
        return None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        raise AssertionError("nobody asks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one refresh took."""

    seconds: float
    files: int
    bytes: int
    touched: str


def main() -> None:
    arguments = _arguments()
    spark = SparkSessionFactory().create("growth of gold")
    rows, days = _sales(spark, arguments.data)
    *_, first = sorted(days)[: -arguments.days]
    figures: dict[str, dict[int, list[Figure]]] = {}
    for warm, size in enumerate([min(arguments.sizes), *arguments.sizes]):  # the first round warms up
        with tempfile.TemporaryDirectory(prefix="growth-gold-", dir=arguments.folder) as folder:
            lake = _Lake(spark, Path(folder), rows)
            lake.write_history(rows.where(F.col("day") <= first), size)
            lake.refresh("incremental")
            for day in sorted(days)[-arguments.days :]:
                lake.append(rows.where(F.col("day") == day))
                for policy in ("incremental", "full"):
                    for name, figure in lake.refresh(policy).items():
                        print(f"{size} x, {name}: {figure}", file=sys.stderr)
                        if warm:
                            figures.setdefault(name, {}).setdefault(size, []).append(figure)
    Console(width=120).print(_as_table(figures, rows.count(), arguments.days))


def _arguments() -> argparse.Namespace:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--days", type=int, default=3, help="days that come one after the other")
    parser.add_argument("--folder", type=Path, help="where the tables lie while they are measured")
    return parser.parse_args()


def _sales(spark: SparkSession, data: Path) -> tuple[DataFrame, list[object]]:
    raw = spark.read.option("header", "true").csv(f"{data}/*.csv*")
    rows = raw.select(
        "InvoiceNo",
        "StockCode",
        F.expr("try_cast(Quantity AS int)").alias("Quantity"),
        F.expr("try_cast(InvoiceDate AS timestamp)").alias("InvoiceDate"),
        F.expr("try_cast(UnitPrice AS decimal(10,3))").alias("UnitPrice"),
        F.expr("try_cast(try_cast(CustomerID AS decimal(12,1)) AS int)").alias("CustomerID"),
        "Country",
    )
    rows = rows.withColumns(
        {
            "revenue": (F.col("Quantity") * F.col("UnitPrice")).cast("decimal(18,3)"),
            "day": F.to_date("InvoiceDate"),
            "month": F.trunc("InvoiceDate", "month"),
        }
    ).persist()
    return rows, [row[0] for row in rows.select("day").distinct().collect()]


class _Lake:
    """A warehouse with a history of some size."""

    def __init__(self, spark: SparkSession, folder: Path, like: DataFrame) -> None:
        self._spark = spark
        self._folder = folder
        self._sales = NativeTable(spark, str(folder / "silver" / "sales"))
        self._commits = 0
        self._ddl = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in like.schema)

    def write_history(self, rows: DataFrame, times: int) -> None:
        copies = rows.crossJoin(self._spark.range(times).withColumnRenamed("id", "copy"))
        altered = copies.withColumn("InvoiceNo", F.concat_ws("-", "InvoiceNo", F.col("copy").cast("string")))
        self._spark.conf.set("spark.sql.files.maxRecordsPerFile", FILE_ROWS)
        parts = max(1, times // 10)
        self._append(altered.drop("copy").repartitionByRange(parts, "day").sortWithinPartitions("day"))

    def append(self, rows: DataFrame) -> None:
        self._append(rows.coalesce(1))

    def refresh(self, policy: str) -> dict[str, Figure]:
        """Refresh every Gold table on its own, in a copy of the warehouse where all rows are to be read."""
        warehouse = self._folder
        if policy == "full":
            shutil.rmtree(self._folder / "whole", ignore_errors=True)
            warehouse = self._folder / "whole"
            (warehouse / "silver").mkdir(parents=True)
            (warehouse / "silver" / "sales").symlink_to(self._folder / "silver" / "sales")
        definition = self._definition(policy)
        return {f"{name}, {policy}": self._refreshed(definition, name, warehouse) for name in GOLD}

    def _refreshed(self, definition: PipelineDefinition, name: str, warehouse: Path) -> Figure:
        started = time.perf_counter()
        result = run_pipeline(definition, spark=self._spark, warehouse=warehouse, select=[name])
        seconds = time.perf_counter() - started
        outcome = result.outcomes[name]
        if not isinstance(outcome, Refreshed):
            raise RuntimeError(str(outcome))
        details = outcome.refreshes[-1].details
        touched = f"{details['groups_touched']:,} of {details['groups']:,}" if "groups" in details else "all"
        return Figure(
            seconds=seconds,
            files=details.get("files_read", -1),
            bytes=details.get("bytes_read", -1),
            touched=touched,
        )

    def _append(self, rows: DataFrame) -> None:
        self._sales.append(rows, transaction=TransactionId(application="benchmark", number=self._commits))
        self._commits += 1

    def _definition(self, policy: str) -> PipelineDefinition:
        builder = DeclarativePipelineBuilder("growth")
        builder.silver("sales", Flow(source=Written(ddl=self._ddl, location=caller_location())).append())
        for name, flow in GOLD.items():
            builder.gold(name, flow, options=TableOptions(refresh_policy=policy))  # type: ignore[arg-type]
        return builder.build()


def _as_table(figures: Mapping[str, Mapping[int, Sequence[Figure]]], rows: int, days: int) -> Table:
    table = Table(title=f"one new day beside {rows:,} rows so many times over: medians of {days} days")
    for heading in ("table", "history", "seconds", "to smallest", "files", "MB read", "groups touched"):
        table.add_column(heading, justify="left" if heading == "table" else "right")
    for name, by_size in figures.items():
        smallest = statistics.median(each.seconds for each in by_size[min(by_size)])
        for size, found in by_size.items():
            seconds = statistics.median(each.seconds for each in found)
            files, read_bytes = found[-1].files, found[-1].bytes
            shown = (str(files), f"{read_bytes / 1e6:.2f}") if files >= 0 else ("all", "all")
            table.add_row(
                name, f"{size} x", f"{seconds:.2f}", f"{seconds / smallest:.2f}", *shown, found[-1].touched
            )
    return table


if __name__ == "__main__":
    main()
