"""The read-write lock: who excludes whom, who goes first, and what is refused instead of hanging."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lakehouse.cache import LockMisuseError, LockTimeoutError, ReadWriteLock

SOON_SECONDS = 0.05
LATEST_SECONDS = 10.0


@contextmanager
def running(target: Callable[[], None]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    yield thread
    thread.join(LATEST_SECONDS)
    assert not thread.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LATEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_two_readers_are_inside_together() -> None:
    lock = ReadWriteLock()
    both_inside = threading.Barrier(2, timeout=LATEST_SECONDS)

    def read() -> None:
        with lock.reading():
            both_inside.wait()

    with running(read):
        read()


def test_a_writer_is_alone() -> None:
    lock = ReadWriteLock()
    inside: list[str] = []
    overlaps: list[list[str]] = []

    def work(kind: str) -> None:
        for _ in range(100):
            with lock.reading() if kind == "reader" else lock.writing():
                inside.append(kind)
                time.sleep(0)
                seen = list(inside)
                if "writer" in seen and len(seen) > 1:
                    overlaps.append(seen)
                inside.remove(kind)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, ["reader", "writer"] * 3))
    assert overlaps == []


def test_no_write_is_lost_and_no_reader_sees_half_of_one() -> None:
    lock = ReadWriteLock()
    pair = [0, 0]

    def write() -> None:
        for _ in range(200):
            with lock.writing():
                pair[0] += 1
                time.sleep(0)
                pair[1] += 1

    def read() -> bool:
        halves = False
        for _ in range(200):
            with lock.reading():
                halves |= pair[0] != pair[1]
        return halves

    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        readers = [pool.submit(read) for _ in range(3)]
        assert [reader.result() for reader in readers] == [False] * 3
        for writer in writers:
            writer.result()
    assert pair == [600, 600]


def test_a_waiting_writer_goes_before_readers_that_come_later() -> None:
    lock = ReadWriteLock()
    order: list[str] = []

    def write() -> None:
        with lock.writing():
            order.append("writer")

    def read_late() -> None:
        with lock.reading():
            order.append("late reader")

    lock.acquire_read()
    with running(write):
        wait_until(lambda: lock._waiting_writers == 1)
        with running(read_late):
            wait_until(lambda: lock._waiting_readers == 1)
            lock.release_read()
    assert order == ["writer", "late reader"]


def test_readers_that_wait_for_a_writer_go_before_the_next_writer() -> None:
    lock = ReadWriteLock()
    order: list[str] = []

    def write() -> None:
        with lock.writing():
            order.append("second writer")

    def read() -> None:
        with lock.reading():
            order.append("reader")

    lock.acquire_write()
    with running(write):
        wait_until(lambda: lock._waiting_writers == 1)
        with running(read), running(read):
            wait_until(lambda: lock._waiting_readers == 2)
            lock.release_write()
    assert order == ["reader", "reader", "second writer"]


def test_a_stream_of_readers_does_not_starve_a_writer_nor_the_other_way_round() -> None:
    lock = ReadWriteLock()
    stop = threading.Event()
    turns = {"read": 0, "write": 0}

    def keep(kind: str) -> None:
        while not stop.is_set():
            with lock.reading() if kind == "read" else lock.writing():
                turns[kind] += 1

    with ThreadPoolExecutor(6) as pool:
        for kind in ["read", "write"] * 3:
            pool.submit(keep, kind)
        try:
            wait_until(lambda: min(turns.values()) > 50)
        finally:
            stop.set()


def test_a_thread_may_read_again_while_a_writer_waits() -> None:
    lock = ReadWriteLock()

    def write() -> None:
        with lock.writing():
            pass

    lock.acquire_read()
    with running(write):
        wait_until(lambda: lock._waiting_writers == 1)
        with lock.reading(timeout_seconds=LATEST_SECONDS):
            pass
        lock.release_read()


def test_an_upgrade_is_refused_and_the_read_lock_kept() -> None:
    lock = ReadWriteLock()
    with lock.reading():
        with pytest.raises(LockMisuseError, match=r"asked to write while it holds a read lock.*Fix: leave"):
            lock.acquire_write()
        with pytest.raises(LockTimeoutError), ThreadPoolExecutor(1) as pool:
            pool.submit(lock.acquire_write, timeout_seconds=SOON_SECONDS).result()
    with lock.writing():
        pass


@pytest.mark.parametrize("again", ["reading", "writing"])
def test_anything_inside_writing_is_refused_and_the_lock_left_usable(again: str) -> None:
    lock = ReadWriteLock()
    with lock.writing(), pytest.raises(LockMisuseError, match="the write lock"), getattr(lock, again)():
        pass
    with lock.reading():
        pass


def test_releasing_what_another_thread_holds_is_refused() -> None:
    lock = ReadWriteLock()
    with pytest.raises(LockMisuseError, match="holds none"):
        lock.release_read()
    with lock.writing(), ThreadPoolExecutor(1) as pool, pytest.raises(LockMisuseError, match="holds none"):
        pool.submit(lock.release_write).result()


def test_an_exception_inside_gives_the_lock_back() -> None:
    lock = ReadWriteLock()
    with pytest.raises(ZeroDivisionError), lock.writing():
        _ = 1 / 0
    with pytest.raises(ZeroDivisionError), lock.reading():
        _ = 1 / 0
    with lock.writing():
        pass


def test_a_writer_that_gives_up_lets_the_readers_behind_it_in() -> None:
    lock = ReadWriteLock()
    lock.acquire_read()
    entered = threading.Event()

    def give_up() -> None:
        with pytest.raises(LockTimeoutError, match=r"Could not write within 0\.3 s"):
            lock.acquire_write(timeout_seconds=0.3)

    def read() -> None:
        with lock.reading():
            entered.set()

    with running(give_up):
        wait_until(lambda: lock._waiting_writers == 1)
        with running(read):
            assert entered.wait(LATEST_SECONDS)
    lock.release_read()


def test_a_reader_that_gives_up_leaves_no_pass_behind() -> None:
    lock = ReadWriteLock()
    lock.acquire_write()
    with pytest.raises(LockTimeoutError), ThreadPoolExecutor(1) as pool:
        pool.submit(lock.acquire_read, timeout_seconds=SOON_SECONDS).result()
    lock.release_write()
    with lock.writing(timeout_seconds=LATEST_SECONDS):
        pass
