"""Runs the retail job by the command line, slowly, in this process. Arguments: landing, warehouse."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lakehouse.cli import main
from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

LANDING, WAREHOUSE = sys.argv[1:]


def slowly(self: TablePipeline, frame, batch, counter):
    """Give Spark work that takes an hour, when the first table's rows are to be transformed."""
    Path(WAREHOUSE, "at-work").touch()
    hour = frame.sparkSession.range(2, numPartitions=2).selectExpr(
        "reflect('java.lang.Thread', 'sleep', 3600000L)"
    )
    try:
        hour.collect()
    finally:
        time.sleep(0.1)
    return frame


if __name__ == "__main__":
    TablePipeline.transform = slowly
    Path(WAREHOUSE).mkdir(exist_ok=True)
    sys.exit(main(["run", "retail", "--warehouse", WAREHOUSE, "--set", f"landing={LANDING}"]))
