"""Batches are decided once and never change, whoever else decides at the same time."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from lakehouse.pipelines import LostBatchError
from lakehouse.pipelines.refresh.batches import Batch, BatchLog
from lakehouse.storage import MemoryStorageService
from lakehouse.tables import Predecessor


def batch(number: int, **changes: Any) -> Batch:
    made = Batch(
        flow="lakehouse/test/t",
        number=number,
        planned_at="2026-01-01T00:00:00+00:00",
        starts_over=number == 0,
        fingerprint="f",
        inputs={"after": number - 1, "through": number},
        pinned={},
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def storage() -> MemoryStorageService:
    return MemoryStorageService()


def log(storage: MemoryStorageService) -> BatchLog:
    return BatchLog(storage, layer="silver", table="t")


def test_batches_come_back_in_their_order(storage: MemoryStorageService) -> None:
    writer = log(storage)
    for number in range(12):
        writer.decide(batch(number))
    assert [each.number for each in log(storage).all()] == list(range(12))


def test_the_second_to_decide_gets_the_firsts_batch(storage: MemoryStorageService) -> None:
    first, second = log(storage), log(storage)
    assert first.decide(batch(0, fingerprint="first")).fingerprint == "first"
    assert second.decide(batch(0, fingerprint="second")).fingerprint == "first"


def test_of_many_that_decide_at_once_all_get_the_same(storage: MemoryStorageService) -> None:
    decided: list[str] = []
    barrier = threading.Barrier(8)

    def decide(name: str) -> None:
        barrier.wait()
        decided.append(log(storage).decide(batch(0, fingerprint=name)).fingerprint)

    threads = [threading.Thread(target=decide, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(decided) == 8
    assert len(set(decided)) == 1


def decided(storage: MemoryStorageService, *follows: int | None) -> BatchLog:
    """Return the log of batches that follow these: number 0 follows the first, and so on."""
    writer = log(storage)
    for number, before in enumerate(follows):
        writer.decide(batch(number, follows=before, starts_over=before is None))
    return writer


def test_only_batches_since_the_last_start_make_up_the_table(storage: MemoryStorageService) -> None:
    writer = log(storage)
    for number in range(5):
        writer.decide(batch(number, starts_over=number in (0, 3)))
    assert [each.number for each in writer.taken(4)] == [3, 4]


@pytest.mark.parametrize(
    ("last", "taken"),
    [(None, []), (0, [0]), (1, [0, 1]), (3, [0, 1, 3]), (4, [0, 1, 3, 4]), (5, [5])],
)
def test_what_a_table_took_last_tells_what_it_is_made_of(
    storage: MemoryStorageService, last: int | None, taken: list[int]
) -> None:
    # Batch 2 was abandoned, and with batch 5 the table started over.
    writer = decided(storage, None, 0, 1, 1, 3, None)
    assert [each.number for each in writer.taken(last)] == taken


def test_a_batch_that_was_taken_and_whose_file_is_gone_is_an_error(storage: MemoryStorageService) -> None:
    writer = decided(storage, None, 0, 1)
    storage.delete(writer.key_of(1))
    with pytest.raises(LostBatchError, match="took batch 1, and the file that says what was in it"):
        log(storage).taken(2)


def test_new_batches_of_others_are_seen(storage: MemoryStorageService) -> None:
    reader = log(storage)
    assert reader.all() == ()
    log(storage).decide(batch(0))
    log(storage).decide(batch(1))
    assert [each.number for each in reader.all()] == [0, 1]


def test_the_transaction_is_the_flow_and_the_number() -> None:
    transaction = batch(7).transaction
    assert (transaction.application, transaction.number) == ("lakehouse/test/t", 7)
    assert transaction.follows == Predecessor(number=6)
