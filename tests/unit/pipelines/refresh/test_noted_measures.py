"""A rule that compares a batch with those before it sees what the table has taken, and reads no more than that."""

from __future__ import annotations

from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.pipelines.refresh.noted_measures import NotedMeasures
from lakehouse.storage import MemoryStorageService

PLACE = {"layer": "silver", "table": "t"}


class CountingStorage(MemoryStorageService):
    """Counts the objects that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


def batch(number: int, follows: int | None) -> Batch:
    return Batch(
        flow="f",
        number=number,
        planned_at="2026-01-01T00:00:00+00:00",
        starts_over=follows is None,
        fingerprint="f",
        follows=follows,
        inputs={},
        pinned={},
    )


def decided(storage: MemoryStorageService, follows: dict[int, int | None]) -> dict[int, Batch]:
    log = BatchLog(storage, **PLACE)
    return {number: log.decide(batch(number, last)) for number, last in follows.items()}


def measures(storage: MemoryStorageService) -> NotedMeasures:
    return NotedMeasures(storage, BatchLog(storage, **PLACE), **PLACE)


def test_measures_come_newest_first_and_those_of_abandoned_batches_do_not_count() -> None:
    storage = MemoryStorageService()
    batches = decided(storage, {0: None, 1: 0, 2: 1, 3: 1, 4: 3})
    for number, given in batches.items():
        measures(storage).keep(given, {"rows": float(number)})
    measures(storage).keep(batches[3], {"rows": 99.0})

    assert measures(storage).earlier(batches[4], "rows", 10) == [3.0, 1.0, 0.0], "the first note of 3 stays"
    assert measures(storage).earlier(batches[4], "rows", 2) == [3.0, 1.0]
    assert measures(storage).earlier(batches[4], "sum", 2) == []


def test_a_rule_that_is_new_beside_an_old_one_looks_back_no_further_than_is_usual() -> None:
    storage = CountingStorage()
    batches = decided(storage, {number: number - 1 if number else None for number in range(1000)})
    for number in range(999):
        measures(storage).keep(
            batches[number], {"rows": float(number), **({"sum": 1.0} if number < 950 else {})}
        )
    storage.reads = 0

    assert measures(storage).earlier(batches[999], "mean", 10) == []
    assert storage.reads < 250
    assert measures(storage).earlier(batches[999], "sum", 2) == [1.0, 1.0], (
        "a rule may have nothing to note at times"
    )


def test_a_rule_that_is_new_does_not_read_the_tables_whole_history() -> None:
    storage = CountingStorage()
    batches = decided(storage, {number: number - 1 if number else None for number in range(100)})
    storage.reads = 0

    assert measures(storage).earlier(batches[99], "rows", 10) == []
    assert storage.reads == 0
    measures(storage).keep(batches[98], {"rows": 5.0})
    assert measures(storage).earlier(batches[99], "rows", 10) == [5.0]
    assert storage.reads <= 4
