"""Logs for the benchmarks beside this file: only the log, as no reader here opens a data file."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": name, "type": kind, "nullable": True, "metadata": {}}
        for name, kind in (("id", "long"), ("amount", "double"), ("day", "date"))
    ],
}
FIRST = [
    {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
    {
        "metaData": {
            "id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9",
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(SCHEMA),
            "partitionColumns": ["day"],
            "configuration": {},
            "createdTime": 1_700_000_000_000,
        }
    },
]


def add(number: int) -> dict:
    """Return an add as Spark writes it, with statistics."""
    day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
    low, high = number * 1000, number * 1000 + 999
    stats = {
        "numRecords": 1000,
        "minValues": {"id": low, "amount": 0.25},
        "maxValues": {"id": high, "amount": 999.75},
        "nullCount": {"id": 0, "amount": 3},
    }
    return {
        "add": {
            "path": f"day={day}/part-{number % 200:05d}-{number:08x}-cd2a-4f2a-b6f2-8d2b6f8b2f6b.c000.snappy.parquet",
            "partitionValues": {"day": day},
            "size": 1_000_000 + number,
            "modificationTime": 1_700_000_000_000 + number,
            "dataChange": True,
            "stats": json.dumps(stats),
        }
    }


def make_log(table: Path, *, commits: int, files_each: int = 1) -> Path:
    """Write a log of so many commits, each adding so many files."""
    log = table / "_delta_log"
    log.mkdir(parents=True)
    for version in range(commits):
        info = {"timestamp": 1_700_000_000_000 + version, "operation": "WRITE", "isBlindAppend": True}
        lines = [{"commitInfo": info}, *([] if version else FIRST)]
        lines += [add(version * files_each + number) for number in range(files_each)]
        (log / f"{version:020d}.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return table


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """Return the median time of an action, once warm."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def print_ratio(work: str, theirs_ms: float, ours_ms: float, asked: float) -> None:
    """Print one row of a table of ratios."""
    ratio = theirs_ms / ours_ms
    verdict = "reached" if ratio >= asked else "NOT REACHED"
    print(f"{work:44}{theirs_ms:12.1f}{ours_ms:12.1f}{ratio:9.1f} ×{asked:9.1f} ×  {verdict}")


def print_heading() -> None:
    """Print the heading over rows of ``print_ratio``."""
    print(f"{'median of a warm process':44}{'deltalake ms':>12}{'ours ms':>12}{'ratio':>11}{'asked':>11}")
