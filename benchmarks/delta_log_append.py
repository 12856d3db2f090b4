"""Time of one append of one row, the table object reused: ours against deltalake's, side by side, as the log grows.

Run: python benchmarks/delta_log_append.py [COMMITS]    (10,000 by default)
Between the measured appends the log is grown by commits of ours, a checkpoint every 100 as both engines have it.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import deltalake
import pyarrow as pa

from lakehouse.delta_log import TransactionManager

ROWS = pa.table({"id": [1], "name": ["x"]})
SAMPLES = 60


def median_ms(action: Callable[[], object], samples: int = SAMPLES) -> float:
    """Return the median time of an action, after two that don't count."""
    times = []
    for _ in range(samples + 2):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:]) * 1_000


def appender(manager: TransactionManager, table: Path) -> Callable[[], None]:
    def append() -> None:
        with manager.transaction(table) as transaction:
            transaction.append(ROWS)

    return append


def main(commits: int) -> None:
    """Print the medians at several lengths of the log."""
    folder = Path(tempfile.mkdtemp(prefix="delta-log-append-"))
    ours, theirs = folder / "ours", folder / "theirs"
    with_guard, without_guard = TransactionManager(), TransactionManager(spark_writers=False)
    for table in (ours, theirs):
        appender(without_guard, table)()
    grow_ours, grow_theirs = appender(without_guard, ours), appender(without_guard, theirs)
    print("| commits | deltalake ms | ours ms, no Spark writer | ratio | ours ms, guarded | ratio |")
    print("|---|---|---|---|---|---|")
    at = 1
    for target in (1, commits // 10, commits // 2, commits - 5 * SAMPLES):
        while at < target:
            grow_ours()
            grow_theirs()
            at += 1
        handle = deltalake.DeltaTable(theirs)
        free = median_ms(grow_ours)
        guarded = median_ms(appender(with_guard, ours))
        rust = median_ms(lambda: deltalake.write_deltalake(handle, ROWS, mode="append"))  # noqa: B023
        at += 2 * (SAMPLES + 2)
        print(
            f"| {at:,} | {rust:.2f} | {free:.2f} | {rust / free:.0f} × | {guarded:.2f} | {rust / guarded:.0f} × |"
        )
    print(f"\npyarrow {pa.__version__}, deltalake {deltalake.__version__}, medians of {SAMPLES}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
