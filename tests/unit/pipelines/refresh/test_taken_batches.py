"""A table's history is read from the newest batch back to where it is condensed, and says what the files say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
import pytest

from lakehouse.pipelines import Batch, CondensedHistory, LostBatchError, Source
from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.source_location import caller_location
from lakehouse.storage import MemoryStorageService

FORM = "days-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Days(Source):
    """A source whose condensed history is the list of all days."""

    condensed_as: ClassVar[str] = FORM
    fails: bool = False

    def schema(self, upstream: Any) -> Any:
        raise AssertionError("nobody asks")

    def next_inputs(self, context: Any, table: str, history: Any) -> Any:
        raise AssertionError("nobody asks")

    def read(self, context: Any, request: Any) -> Any:
        raise AssertionError("nobody asks")

    def condense(self, history: CondensedHistory) -> bytes:
        if self.fails:
            raise OSError(28, "No space left on device")
        return msgspec.json.encode(days(history))


def days(history: CondensedHistory) -> list[int]:
    before = msgspec.json.decode(history.body) if history.body is not None else []
    return [*before, *(inputs["day"] for inputs in history.since)]


class Counting(MemoryStorageService):
    """Counts what is read of it, by the folder below ``system``."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    def read(self, key: str) -> bytes:
        self.reads.append(key.split("/")[1])
        return super().read(key)


class Table:
    """The batches of a table, which takes each after the one that it took last."""

    def __init__(self) -> None:
        self.storage = Counting()
        self.last: int | None = None
        self.next = 0
        self.first_day = 0
        self.source = Days(location=caller_location())

    def batches(self) -> BatchLog:
        return BatchLog(self.storage, layer="bronze", table="t")

    def taken(self) -> TakenBatches:
        condensed = CondensedHistories(self.storage, layer="bronze", table="t")
        return TakenBatches(self.batches(), condensed, last=self.last)

    def take(self, count: int, *, padding: int = 0, condense: bool = True) -> None:
        for _ in range(count):
            batch = Batch(
                flow="f",
                number=self.next,
                planned_at="2026-01-01T00:00:00+00:00",
                starts_over=self.last is None,
                fingerprint="f",
                follows=self.last,
                inputs={"day": self.first_day + self.next, "padding": "x" * padding},
                pinned={},
            )
            self.batches().decide(batch)
            self.last, self.next = self.next, self.next + 1
            if condense:
                self.taken().condense(self.source)

    def days(self) -> Sequence[int]:
        return days(self.taken().condensed(FORM))

    def condensed_keys(self) -> list[str]:
        return [stat.key for stat in self.storage.list("system/condensed/")]

    def numbers(self) -> list[int]:
        return [int(key.rpartition("/")[2].partition("-")[0]) for key in self.condensed_keys()]


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_table_that_took_nothing_has_no_history(table: Table) -> None:
    assert not table.taken()
    assert list(table.taken()) == []
    assert table.taken().newest is None
    assert table.days() == []


def test_the_last_inputs_cost_one_read_however_many_batches_there_are(table: Table) -> None:
    table.take(100, condense=False)
    table.storage.reads.clear()
    history = table.taken()
    assert (bool(history), history[-1]["day"]) == (True, 99)
    assert table.storage.reads == ["batches"]
    assert [inputs["day"] for inputs in history] == list(range(100))
    assert (len(history), history[0]["day"]) == (100, 0)


def test_the_newest_batch_costs_one_read_however_many_there_are(table: Table) -> None:
    table.take(100, condense=False)
    table.storage.reads.clear()
    newest = table.batches().newest(last=table.last)
    assert newest is not None
    assert newest.number == 99
    assert table.storage.reads == ["batches"]


def test_a_long_history_is_read_from_a_tail_and_what_is_condensed(table: Table) -> None:
    table.take(500)
    table.storage.reads.clear()
    assert table.days() == list(range(500))
    assert table.storage.reads.count("condensed") == 1
    assert table.storage.reads.count("batches") <= 17


def test_few_big_batches_are_condensed_too(table: Table) -> None:
    table.take(2, padding=700_000)
    assert table.numbers() == [1]
    assert table.days() == [0, 1]


def test_only_the_newest_two_are_kept(table: Table) -> None:
    table.take(80)
    assert table.numbers() == [63, 79]


def test_a_short_history_is_not_condensed(table: Table) -> None:
    table.take(15)
    assert table.condensed_keys() == []
    assert table.days() == list(range(15))


@pytest.mark.parametrize("harm", ["lost", "torn", "empty", "of another form"])
def test_what_is_condensed_and_harmed_costs_time_and_no_day(table: Table, harm: str) -> None:
    table.take(40)
    for key in table.condensed_keys():
        body = table.storage.read(key)
        table.storage.delete(key)
        if harm == "of another form":
            table.storage.write(key.replace("days-1", "days-2"), body)
        elif harm != "lost":
            table.storage.write(key, body[:-7] if harm == "torn" else b"")
    assert table.days() == list(range(40))
    table.take(1)
    assert table.numbers()[-1] == 40
    assert table.days() == list(range(41))


def test_what_was_condensed_of_another_batch_of_the_same_number_does_not_count(table: Table) -> None:
    table.take(16)
    # The batches are restored from an older backup than what was condensed of them, and go another way.
    for number in range(10, 16):
        table.storage.delete(table.batches().key_of(number))
    table.last, table.next, table.first_day = 9, 10, 100
    table.take(6, condense=False)
    assert table.numbers() == [15]
    assert table.days() == [*range(10), *range(110, 116)]


def test_a_table_that_was_restored_finds_what_was_condensed_of_its_own_batches(table: Table) -> None:
    table.take(40)
    assert table.numbers() == [15, 31]
    for last in (39, 31, 20, 15, 14, 3):
        table.last = last
        assert table.days() == list(range(last + 1))
    table.last = 20
    table.storage.reads.clear()
    assert table.days() == list(range(21))
    assert table.storage.reads.count("batches") == 6


def test_batches_that_were_abandoned_are_in_no_history(table: Table) -> None:
    table.take(20)
    table.last = 9  # 10 to 19 are gone with a restored backup, and what was condensed at 15 with them
    table.take(16)
    assert table.days() == [*range(10), *range(20, 36)]
    assert table.numbers()[-1] > 19
    table.last = None
    table.take(2)
    assert table.days() == [36, 37]


def test_a_lost_batch_under_what_is_condensed_does_no_harm(table: Table) -> None:
    table.take(40)
    table.storage.delete(table.batches().key_of(3))
    assert table.days() == list(range(40))


@pytest.mark.parametrize("number", [39, 35, 31])
def test_a_lost_batch_that_is_not_condensed_is_an_error(table: Table, number: int) -> None:
    table.take(40)
    assert table.numbers()[-1] == 31
    table.storage.delete(table.batches().key_of(number))
    with pytest.raises(LostBatchError, match=f"took batch {number}"):
        table.days()


def test_a_lost_batch_is_an_error_when_what_was_condensed_is_lost_too(table: Table) -> None:
    table.take(40)
    for key in table.condensed_keys():
        table.storage.delete(key)
    table.storage.delete(table.batches().key_of(3))
    with pytest.raises(LostBatchError, match="took batch 3"):
        table.days()


def test_a_reader_whose_object_is_deleted_meanwhile_reads_the_batches(table: Table) -> None:
    table.take(20)

    class Late(CondensedHistories):
        def keys(self, form: str) -> Any:
            found = super().keys(form)
            for keys in found.values():
                for key in keys:
                    table.storage.delete(key)
            return found

    late = TakenBatches(table.batches(), Late(table.storage, layer="bronze", table="t"), last=table.last)
    assert days(late.condensed(FORM)) == list(range(20))


def test_a_history_that_can_t_be_condensed_stops_no_run(
    table: Table, caplog: pytest.LogCaptureFixture
) -> None:
    table.source = Days(location=caller_location(), fails=True)
    with caplog.at_level(logging.WARNING):
        table.take(16)
    assert "The history of t can't be condensed" in caplog.text
    assert table.days() == list(range(16))


def test_two_runs_that_condense_the_same_batches_write_one_object(table: Table) -> None:
    table.take(16, condense=False)
    for _ in range(2):
        table.taken().condense(table.source)
    assert table.numbers() == [15]
