"""A run's listener can ask how far Spark is with a table, while Spark works on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
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
    """Asks all the time, from a thread of its own; what it has seen it says by a file."""

    def __init__(self, seen: Path) -> None:
        self._says = seen
        self.seen: list[TaskProgress] = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=lambda: None)

    def work_begins(self, progress: TaskCounter) -> None:
        def watch() -> None:
            while not self._ends.is_set():
                if (found := progress("slow")) is not None:
                    self.seen.append(found)
                    self._says.touch()
                assert progress("other") is None
                time.sleep(0.1)

        self._thread = threading.Thread(target=watch)
        self._thread.start()

    def run_finished(self, result: object) -> None:
        self._ends.set()
        self._thread.join()


def test_tasks_of_a_table_are_counted_while_they_run(
    spark: SparkSession, warehouse: Path, tmp_path: Path
) -> None:
    is_seen = tmp_path / "seen"

    def waiting(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        ends = time.monotonic() + 60
        while not is_seen.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        yield from batches

    slow = from_range(8).transform(lambda frame: frame.mapInArrow(waiting, frame.schema))
    definition = DeclarativePipelineBuilder("p").bronze("slow", slow.replace()).build()
    watching = Watching(is_seen)
    assert run_pipeline(definition, spark=spark, warehouse=warehouse, listener=watching).status == "ok"
    assert watching.seen
    assert all(0 <= each.tasks_done <= each.tasks for each in watching.seen)
