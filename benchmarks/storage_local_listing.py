"""Claim: listing 100,000 local keys, sorted and with sizes, takes at most 1.5 x os.scandir with the same stats.

Run: python benchmarks/storage_local_listing.py [FOLDER]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lakehouse.storage import LocalStorageService

KEYS, FOLDERS, ROUNDS = 100_000, 10, 7


def scandir(folder: str) -> list[tuple[str, os.stat_result]]:
    """Name and stat of each file below a folder, in any order."""
    found = []
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            found += scandir(entry.path)
        else:
            found.append((entry.path, entry.stat(follow_symlinks=False)))
    return found


def timed(call: Callable[[], list[object]]) -> float:
    before = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - before
    assert len(found) == KEYS
    return seconds * 1000


def main(root: Path) -> None:
    for folder in range(FOLDERS):
        (root / f"part={folder}").mkdir()
        for number in range(KEYS // FOLDERS):
            (root / f"part={folder}" / f"part-{number * 7919 % KEYS:010}.snappy.parquet").touch()
    store = LocalStorageService(root)
    calls = {"os.scandir": lambda: scandir(str(root)), "list": lambda: list(store.list())}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_number in range(ROUNDS):
        for name in sorted(calls, reverse=bool(round_number % 2)):
            times[name].append(timed(calls[name]))
    ratio = statistics.median(
        ours / theirs for ours, theirs in zip(times["list"], times["os.scandir"], strict=True)
    )
    print(f"{KEYS:,} keys in {FOLDERS} folders{'ms, median':>16}")
    for name, of in times.items():
        print(f"{name:26}{statistics.median(of):16.0f}")
    print(f"ratio, median of {ROUNDS} rounds: {ratio:.2f} (asked: at most 1.5)")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        main(Path(folder))
