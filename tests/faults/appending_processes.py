"""Processes that append rows of their own number, and write down each acknowledged commit before the next.

Run as: python appending_processes.py TABLE WORKERS ROWS FOLDER SPARK_WRITERS
Each worker makes ``FOLDER/acknowledged-N``, whose first line is its process id, and starts when FOLDER/start is
there. The exit code is the number of workers that failed; those that were killed don't count.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pyarrow as pa

from lakehouse.delta_log import TransactionManager


def append(table: str, worker: int, rows: int, folder: Path, spark_writers: bool) -> None:
    """Append one row a commit; a line says which row."""
    manager = TransactionManager(spark_writers=spark_writers)
    with (folder / f"acknowledged-{worker}").open("a", buffering=1) as log:
        log.write(f"{os.getpid()}\n")
        while not (folder / "start").exists():
            time.sleep(0.005)
        for row in range(rows):
            with manager.transaction(table) as transaction:
                transaction.append(pa.table({"worker": [worker], "row": [row]}))
            log.write(f"{row}\n")


def main(table: str, workers: int, rows: int, folder: Path, spark_writers: bool) -> int:
    """Fork the workers, so that what they import is imported once, and wait for them."""
    pa.table({"worker": [0], "row": [0]})
    children = []
    for worker in range(workers):
        child = os.fork()
        if child == 0:
            append(table, worker, rows, folder, spark_writers)
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return sum(code not in (0, -signal.SIGKILL) for code in codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), sys.argv[5] == "yes"))
