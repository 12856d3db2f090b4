"""Queries that are run on a table as it was and as it is: what a layout brings in seconds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log import Predicate, Scan
from lakehouse.optimization.layouts.table import TableFacts

__all__ = ["Probe", "ProbeTimes", "ReadingProbe"]

_ROUNDS = 3
_SLOWER = 1.5
_MOST_FILES = 100
_NOTICED_SECONDS = 0.05
_MOST_BYTES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTimes:
    """What the same queries took, in seconds."""

    before: float
    after: float

    @property
    def are_worse(self) -> bool:
        """Whether they take longer now, by more than what times of small work vary by."""
        return self.after > self.before * _SLOWER + _NOTICED_SECONDS


class Probe(Protocol):
    """Runs queries on two versions of a table."""

    def times(
        self, before: TableFacts, after: TableFacts, queries: Sequence[Predicate | None]
    ) -> ProbeTimes | None:
        """Return what the queries take on both; None where that can't be told. None as a query is all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingProbe:
    """Reads in this process, and again where it took longer; of three rounds the quickest counts.

    Of all rows, those in files that are not in both versions are read. Queries that would read more than
    ``most_bytes`` of one version are left out, and of more than a hundred files every so many is read.
    """

    most_bytes: int = _MOST_BYTES

    def times(
        self, before: TableFacts, after: TableFacts, queries: Sequence[Predicate | None]
    ) -> ProbeTimes | None:
        chosen = list(self._chosen(before, after, queries))
        if not chosen:
            return None
        found = self._round(chosen)
        for _ in range(_ROUNDS - 1):
            if not found.are_worse:
                break
            again = self._round(chosen)
            found = ProbeTimes(before=min(found.before, again.before), after=min(found.after, again.after))
        return found

    def _round(self, chosen: Sequence[tuple[Predicate | None, tuple[Scan, Scan]]]) -> ProbeTimes:
        return ProbeTimes(
            before=sum(_seconds(before, query) for query, (before, _) in chosen),
            after=sum(_seconds(after, query) for query, (_, after) in chosen),
        )

    def _chosen(
        self, before: TableFacts, after: TableFacts, queries: Sequence[Predicate | None]
    ) -> list[tuple[Predicate | None, tuple[Scan, Scan]]]:
        found: list[tuple[Predicate | None, tuple[Scan, Scan]]] = []
        left = self.most_bytes
        for query in queries:
            scans = _scans(before, after, query)
            left -= max(sum(scan.files.column("size").to_pylist()) for scan in scans)
            if left < 0:
                break
            found.append((query, scans))
        return found


def _scans(before: TableFacts, after: TableFacts, query: Predicate | None) -> tuple[Scan, Scan]:
    old, new = before.snapshot.plan(query), after.snapshot.plan(query)
    return (old, new) if query is not None else (_without(old, new), _without(new, old))


def _without(scan: Scan, other: Scan) -> Scan:
    """Return what a scan reads that the other one does not."""
    shared = pc.is_in(
        scan.files.column("path"), pa.array(other.files.column("path").to_pylist(), pa.string())
    )
    return dataclasses.replace(scan, files=scan.files.filter(pc.invert(shared)))


def _seconds(scan: Scan, query: Predicate | None) -> float:
    """Return how long reading takes; of many files some are read, and stand for the others."""
    count: int = scan.files.num_rows
    step = max(1, -(-count // _MOST_FILES))
    some = scan.files.take(pa.array(range(0, count, step), pa.int64()))
    started = time.perf_counter()
    for _ in dataclasses.replace(scan, files=some).tables(None, query):
        pass
    seconds = time.perf_counter() - started
    return seconds * count / max(1, -(-count // step))
