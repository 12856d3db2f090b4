"""Runs a job, or the definition of a file, and kills itself after one step of one table.

Arguments: landing, warehouse, table, step, how; then, as JSON, what else run_pipeline is given, and the job's file,
the retail job by default.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path

from lakehouse.pipelines import RunListener, read_yaml_definition, run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

JOB = Path(__file__).parents[2] / "jobs" / "retail.py"
FAST = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
SMALL = Settings(spark=SparkSettings(master="local[2]", conf=FAST, compiler="quick"))


def kill_group() -> None:
    """End this process and its JVM at once."""
    os.killpg(0, signal.SIGKILL)


def kill_python() -> None:
    """End this process only: the JVM goes on for a while with what it is at."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_python_soon() -> None:
    """End this process while the JVM is at the next step."""
    threading.Thread(target=lambda: (time.sleep(0.4), kill_python())).start()


HOW = {"group": kill_group, "python": kill_python, "python-soon": kill_python_soon}


class Killer(RunListener):
    """Waits for the step, and strikes."""

    def __init__(self, table: str, step: str, how: str) -> None:
        self._wanted = (table, step)
        self._strike = HOW[how]

    def step_done(self, table, step) -> None:
        if (table, step) == self._wanted:
            self._strike()

    def run_finished(self, result) -> None:
        time.sleep(1)  # a strike that comes "soon" after the last step must still find us


if __name__ == "__main__":
    landing, warehouse, table, step, how, *more = sys.argv[1:]
    options = json.loads("".join(more) or "{}")
    file, job = options.pop("definition", None), options.pop("job", str(JOB))
    run_pipeline(
        read_yaml_definition(Path(file)) if file else runpy.run_path(job)["pipeline"],
        spark=SparkSessionFactory(SMALL).create("killed run"),
        warehouse=warehouse,
        variables={"landing": landing},
        listener=Killer(table, step, how),
        **options,
    )
