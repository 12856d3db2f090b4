"""A small pipeline over a landing folder, in a folder that can be copied, whose runs can be killed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.pipelines import RunResult, read_yaml_definition, run_pipeline
from tests.faults.killed_process import kill_a_run

__all__ = ["Rows", "SmallLake"]

Rows = Sequence[tuple[int, int, str]]
"""Of the columns id, units and day."""


class SmallLake:
    """A definition, a landing folder and a warehouse. The definition has the variable ``landing``."""

    def __init__(self, spark: SparkSession, folder: Path, definition: str) -> None:
        self.spark = spark
        self.folder = folder
        self.landing, self.warehouse = folder / "landing", folder / "lake"
        self._file = folder / "definition.yaml"
        self.landing.mkdir(parents=True, exist_ok=True)
        self._file.write_text(definition)

    def land(self, name: str, rows: Rows) -> None:
        lines = ["id,units,day", *(",".join(map(str, row)) for row in rows)]
        (self.landing / name).write_text("\n".join(lines) + "\n")

    def attempt(self, **options: Any) -> RunResult:
        """Run once, whatever becomes of the tables."""
        return run_pipeline(
            read_yaml_definition(self._file),
            spark=self.spark,
            warehouse=self.warehouse,
            variables={"landing": str(self.landing)},
            **options,
        )

    def go(self, **options: Any) -> str:
        """Run once without a failure, and return the status."""
        result = self.attempt(**options)
        assert not result.failures, result.failures
        return result.status

    def killed(self, case: tuple[str, str, str], **options: Any) -> None:
        """Run in a process of its own, which is killed at the case's table and step, in the case's way."""
        given = {"definition": str(self._file), **options}
        kill_a_run(self.landing, self.warehouse, case, options=given)

    def rows(self, table: str, *columns: str) -> list[Any]:
        """Return a table's rows in order; none where there is no table."""
        if not (self.warehouse / table / "_delta_log").exists():
            return []
        frame = self.spark.read.format("delta").load(str(self.warehouse / table))
        return sorted(map(tuple, frame.selectExpr(*columns).collect()))
