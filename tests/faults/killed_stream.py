"""Streams a pipeline and kills itself after one step of one table.

Arguments: mode, landing, warehouse, the selected tables, table, step, how.
"""

from __future__ import annotations

import sys

from killed_run import HOW, SMALL

from lakehouse.pipelines import RunListener, stream_pipeline
from lakehouse.spark_session import SparkSessionFactory
from tests.spark.pipelines.streamed_orders import streamed_orders


class Killer(RunListener):
    """Waits for the step, and strikes."""

    def __init__(self, table: str, step: str, how: str) -> None:
        self._wanted = (table, step)
        self._strike = HOW[how]

    def step_done(self, table: str, step: str) -> None:
        if (table, step) == self._wanted:
            self._strike()

    def stream_progressed(self, progress: object) -> None:
        if self._wanted == ("", "events"):
            self._strike()


if __name__ == "__main__":
    mode, landing, warehouse, selected, table, step, how = sys.argv[1:]
    stream_pipeline(
        streamed_orders(),
        spark=SparkSessionFactory(SMALL).create("killed stream"),
        warehouse=warehouse,
        mode=mode,
        trigger="1 second",
        variables={"landing": landing},
        select=selected.split(","),
        listener=Killer(table, step, how),
    )
