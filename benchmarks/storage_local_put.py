"""Claim: put_if_absent on a local disk without fsync costs at most 1.3 x a bare temp file with os.link.

Run: python benchmarks/storage_local_put.py [FOLDER]
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

BODY = b"x" * 800
"""As large as a small commit."""
FILES, ROUNDS = 1000, 15


def bare(folder: Path) -> Callable[[int], object]:
    """Write a temporary file, give it its name by a link, remove the temporary name: nothing else."""

    def put(number: int) -> None:
        temporary = f"{folder}/.temporary-{number}"
        with open(temporary, "xb") as file:
            file.write(BODY)
        os.link(temporary, f"{folder}/{number:020}.json")
        os.unlink(temporary)

    return put


def service(folder: Path, *, durable: bool) -> Callable[[int], object]:
    store = LocalStorageService(folder.parent, durable=durable)
    return lambda number: store.put_if_absent(f"_delta_log/{number:020}.json", BODY)


def timed(put: Callable[[int], object], start: int) -> float:
    before = time.perf_counter()
    for number in range(start, start + FILES):
        put(number)
    return (time.perf_counter() - before) / FILES * 1e6


def main(root: Path) -> None:
    folders = {name: root / name / "_delta_log" for name in ("bare", "service")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    puts = {"bare": bare(folders["bare"]), "service": service(folders["service"], durable=False)}
    times: dict[str, list[float]] = {name: [] for name in puts}
    for round_number in range(ROUNDS):
        for name in sorted(puts, reverse=bool(round_number % 2)):
            times[name].append(timed(puts[name], round_number * FILES))
    median = {name: statistics.median(of) for name, of in times.items()}
    ratio = statistics.median(
        ours / theirs for ours, theirs in zip(times["service"], times["bare"], strict=True)
    )
    print(f"{'':28}{'us a put, median':>18}")
    print(f"{'bare temp file + os.link':28}{median['bare']:18.1f}")
    print(f"{'put_if_absent':28}{median['service']:18.1f}")
    print(f"ratio, median of {ROUNDS} rounds: {ratio:.2f} (asked: at most 1.3)")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        main(Path(folder))
