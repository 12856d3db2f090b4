"""A run's listener can ask how far Spark is with a table, while Spark works on it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    RunListener,
    TaskCounter,
    TaskProgress,
    from_range,
    run_pipeline,
)

pytestmark = pytest.mark.spark


class Watching(RunListener):
    """Asks all the time, from a thread of its own."""

    def __init__(self) -> None:
        self.seen: list[TaskProgress] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=lambda: None)

    def work_begins(self, progress: TaskCounter) -> None:
        def watch() -> None:
            while not self._ends.is_set():
                if (found := progress("slow")) is not None:
                    self.seen.append(found)
                assert progress("other") is None
                time.sleep(0.1)

        self._thread = threading.Thread(target=watch)
        self._thread.start()

    def run_finished(self, result: object) -> None:
        self._ends.set()
        self._thread.join()


def test_tasks_of_a_table_are_counted_while_they_run(spark: SparkSession, warehouse: Path) -> None:
    work = "aggregate(sequence(0, 60000 + id), 0D, (sum, x) -> sum + sqrt(x)) AS work"
    slow = from_range(8).transform(lambda frame: frame.repartition(8).selectExpr("id", work))
    definition = DeclarativePipelineBuilder("p").bronze("slow", slow.replace()).build()
    watching = Watching()
    assert run_pipeline(definition, spark=spark, warehouse=warehouse, listener=watching).status == "ok"
    assert watching.seen
    assert all(0 <= each.tasks_done <= each.tasks for each in watching.seen)
