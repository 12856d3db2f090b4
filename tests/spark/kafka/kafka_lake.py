"""A pipeline of one table that begins with a topic, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    Flow,
    Refresh,
    Refreshed,
    RunListener,
    RunResult,
    Warehouse,
    run_pipeline,
)

__all__ = ["Lake"]


class Lake:
    """A warehouse with the table ``orders``."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder = spark, folder
        self.warehouse = Warehouse.at(folder)

    def run(self, flow: Flow, listener: RunListener | None = None) -> RunResult:
        pipeline = DeclarativePipelineBuilder("shop").bronze("orders", flow).build()
        return run_pipeline(pipeline, spark=self.spark, warehouse=self.warehouse, listener=listener)

    def refreshed(self, flow: Flow) -> Refresh:
        """Run, and return the one batch that the table took; raise what it failed with."""
        outcome = self.run(flow).outcomes["orders"]
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Refreshed)
        (refresh,) = outcome.refreshes
        return refresh

    def error_of(self, flow: Flow, listener: RunListener | None = None) -> Exception:
        outcome = self.run(flow, listener).outcomes["orders"]
        assert isinstance(outcome, Failed)
        return outcome.error

    def rows(self, table: str = "orders") -> list[dict[str, Any]]:
        rows = Snapshot.load(self.warehouse.path_of("bronze", table)).to_arrow().to_pylist()
        return sorted(rows, key=lambda row: (row["_partition"], row["_offset"]))
