"""Watch a table's log from outside, in the same way whoever writes it: when was which row visible?"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

__all__ = ["Watch", "added_files", "commits_of", "p50", "p99"]

_EACH_SECONDS = 0.005
_LONGEST_SECONDS = 180


class Watch:
    """Notes when each version of a table was there."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._seen: dict[int, float] = {}
        self._ends = threading.Event()

    @contextmanager
    def running(self) -> Iterator[Watch]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield self
        finally:
            self._ends.set()
            thread.join()

    def wait_for(self, versions: int) -> None:
        """Return when there are so many versions. Raises TimeoutError where none comes for minutes."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while len(self._seen) < versions:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._table} has {len(self._seen)} of {versions} versions")
            time.sleep(_EACH_SECONDS)

    def first_seen(self, columns: Sequence[str]) -> Mapping[tuple[object, ...], float]:
        """Return by the values of these columns when a row of them was there first."""
        found: dict[tuple[object, ...], float] = {}
        for version, seen_at in sorted(self._seen.items()):
            for file in added_files(self._table, version):
                rows = pq.ParquetFile(file).read(columns=list(columns)).to_pylist()
                for row in rows:
                    found.setdefault(tuple(row[name] for name in columns), seen_at)
        return found

    def _look(self) -> None:
        while not self._ends.is_set():
            version = len(self._seen)
            if (self._table / "_delta_log" / f"{version:020}.json").exists():
                self._seen[version] = time.time()
            else:
                time.sleep(_EACH_SECONDS)


def added_files(table: Path, version: int) -> list[Path]:
    """Return the data files that bring rows in a version."""
    lines = (table / "_delta_log" / f"{version:020}.json").read_text().splitlines()
    adds = [action["add"] for action in map(json.loads, lines) if "add" in action]
    return [table / unquote(add["path"]) for add in adds if add["dataChange"]]


def commits_of(table: Path) -> int:
    """Return how many versions a table has."""
    return len(list((table / "_delta_log").glob("*.json")))


def p50(seconds: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(seconds)


def p99(seconds: Sequence[float]) -> float:
    """Return what all but one of a hundred stay below."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[98]
