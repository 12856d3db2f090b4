"""Commits a second of 8 processes that append to one table, and how many failed: ours against deltalake's.

Run: python benchmarks/delta_log_many_writers.py [COMMITS_OF_OURS [COMMITS_OF_DELTALAKE]]    (a process; 200 and 25)
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import deltalake
import pyarrow as pa

from lakehouse.delta_log import TransactionManager

PROCESSES = 8


def ours(table: Path, worker: int, commits: int, *, spark_writers: bool) -> int:
    manager = TransactionManager(spark_writers=spark_writers)
    for number in range(commits):
        with manager.transaction(table) as transaction:
            transaction.append(pa.table({"worker": [worker], "number": [number]}))
    return 0


def theirs(table: Path, worker: int, commits: int) -> int:
    handle, failed = deltalake.DeltaTable(table), 0
    for number in range(commits):
        try:
            deltalake.write_deltalake(
                handle, pa.table({"worker": [worker], "number": [number]}), mode="append"
            )
        except deltalake.exceptions.DeltaError:
            failed += 1
    return failed


def run(work: Callable[[Path, int, int], int], commits: int) -> tuple[float, int, int]:
    """Return commits a second, failures, and rows that are missing, of workers that start together."""
    folder = Path(tempfile.mkdtemp(prefix="delta-log-many-"))
    table, start = folder / "table", folder / "start"
    with TransactionManager().transaction(table) as transaction:
        transaction.create(pa.schema([("worker", pa.int64()), ("number", pa.int64())]))
    children = []
    for worker in range(PROCESSES):
        child = os.fork()
        if child == 0:
            while not start.exists():
                time.sleep(0.001)
            os._exit(work(table, worker, commits))
        children.append(child)
    time.sleep(0.2)
    begin = time.perf_counter()
    start.touch()
    failed = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    seconds = time.perf_counter() - begin
    return (PROCESSES * commits - failed) / seconds, failed, PROCESSES * commits - failed - rows_of(table)


def rows_of(table: Path) -> int:
    # In a child: delta-rs has threads, and none of them may be there when the next workers are forked.
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, str(deltalake.DeltaTable(table).to_pyarrow_table().num_rows).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 100))


def main(commits: int, commits_of_theirs: int) -> None:
    """Print a line for each engine."""
    pa.table({"worker": [0], "number": [0]})
    rust, rust_failed, rust_missing = run(theirs, commits_of_theirs)
    print("| 8 processes | commits/s | ratio | failed | acknowledged and missing |")
    print("|---|---|---|---|---|")
    print(
        f"| deltalake | {rust:.0f} | 1 × | {rust_failed} of {PROCESSES * commits_of_theirs} | {rust_missing} |"
    )
    for name, spark_writers in (("ours, no Spark writer", False), ("ours, guarded", True)):
        rate, failed, missing = run(
            lambda table, worker, n: ours(table, worker, n, spark_writers=spark_writers),  # noqa: B023
            commits,
        )
        print(
            f"| {name} | {rate:.0f} | {rate / rust:.0f} × | {failed} of {PROCESSES * commits} | {missing} |"
        )


if __name__ == "__main__":
    sizes = [int(text) for text in sys.argv[1:]]
    main(sizes[0] if sizes else 200, sizes[1] if len(sizes) > 1 else 25)
