"""A small landing zone and the pipelines over it that the tests of refreshing use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    RunListener,
    RunResult,
    from_files,
    read,
    run_pipeline,
)
from tests.stored_rows import stored_rows

__all__ = ["COLUMNS", "TYPED", "Lake", "shop"]

COLUMNS = {"id": "int", "units": "int", "day": "date"}
TYPED = read("raw", incremental=True).cast(COLUMNS).deduplicate()


def shop(
    *, pattern: str = "${landing}/*.csv", delimiter: str = ",", **tables: tuple[str, Flow]
) -> PipelineDefinition:
    """Return a pipeline with ``raw`` and the given tables: name to (layer, flow)."""
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files(pattern, columns=COLUMNS, delimiter=delimiter))
    for name, (layer, flow) in tables.items():
        builder.table(name, flow, layer=layer)
    return builder.build()


class Lake:
    """A landing folder and a warehouse."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.landing = folder / "landing"
        self.warehouse = folder / "lake"
        self.landing.mkdir()

    def land(self, name: str, *rows: Sequence[Any], header: str = "id,units,day") -> Path:
        """Write a CSV file into the landing folder."""
        path = self.landing / name
        lines = [header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def run(
        self,
        definition: PipelineDefinition,
        *,
        listener: RunListener | None = None,
        **options: Any,
    ) -> RunResult:
        """Run once; ``options`` as run_pipeline takes them."""
        return run_pipeline(
            definition,
            spark=self.spark,
            warehouse=self.warehouse,
            variables={"landing": str(self.landing)},
            listener=listener,
            **options,
        )

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Return a table's rows, sorted."""
        return sorted(stored_rows(self.spark, self.warehouse / table, *columns), key=repr)

    def commits(self, table: str) -> int:
        """Return how many commits a table has had."""
        return len(list((self.warehouse / table / "_delta_log").glob("*.json")))
