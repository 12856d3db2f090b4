"""Threads that produce ahead of one consumer: bounded, in order, and gone at the end, whatever ends it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import pytest

from lakehouse.ingestion import by_threads


def threads_now() -> int:
    return sum(thread.name.startswith("lakehouse-producer") for thread in threading.enumerate())


@pytest.mark.parametrize("threads", [1, 4, 9])
@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_values_come_in_the_order_of_the_items(threads: int, count: int) -> None:
    def work(item: int) -> int:
        time.sleep(random.random() / 1000)
        return item * item

    assert list(by_threads(work, range(count), threads=threads, ahead=6)) == [n * n for n in range(count)]
    assert threads_now() == 0


def test_items_are_taken_only_a_bounded_number_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    values = by_threads(lambda item: item, items(), threads=3, ahead=5)
    for expected in range(100):
        assert next(values) == expected
        if expected % 20 == 0:
            time.sleep(0.05)
        assert len(taken) <= expected + 1 + 5
    assert next(values, None) is None


def test_several_items_are_worked_on_at_a_time() -> None:
    all_there = threading.Barrier(4, timeout=20)
    assert len(list(by_threads(lambda _: all_there.wait(), range(8), threads=4, ahead=4))) == 8


def test_the_first_error_of_the_work_stops_the_others_and_is_raised() -> None:
    worked: list[int] = []

    def work(item: int) -> int:
        worked.append(item)
        if item == 5:
            raise ValueError("the fifth")
        time.sleep(0.01)
        return item

    with pytest.raises(ValueError, match="the fifth"):
        list(by_threads(work, range(10_000), threads=3, ahead=6))
    assert threads_now() == 0
    assert len(worked) <= 5 + 6 + 3


def test_an_error_of_the_items_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the listing broke")

    values = by_threads(lambda item: item, items(), threads=2, ahead=2)
    with pytest.raises(OSError, match="the listing broke"):
        list(values)
    assert threads_now() == 0


def test_a_consumer_that_stops_early_leaves_no_thread() -> None:
    worked: list[int] = []
    values = by_threads(lambda item: worked.append(item), range(1_000), threads=4, ahead=8)
    next(values)
    values.close()
    assert threads_now() == 0
    assert len(worked) <= 1 + 8 + 4


def test_a_consumer_that_fails_leaves_no_thread() -> None:
    values = by_threads(lambda item: item, range(1_000), threads=4, ahead=8)
    next(values)
    with pytest.raises(KeyboardInterrupt):
        values.throw(KeyboardInterrupt())
    assert threads_now() == 0


def test_a_thread_that_is_told_to_exit_ends_the_work_and_not_its_consumer_for_ever() -> None:
    def work(item: int) -> int:
        if item == 3:
            raise SystemExit(3)
        return item

    with pytest.raises(SystemExit):
        list(by_threads(work, range(10), threads=2, ahead=4))
    assert threads_now() == 0
