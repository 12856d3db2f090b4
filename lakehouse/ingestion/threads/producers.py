"""Threads that produce, one consumer that takes, and a bounded queue between them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Generic, TypeVar

__all__ = ["by_threads"]

Item = TypeVar("Item")
Value = TypeVar("Value")


def by_threads(
    work: Callable[[Item], Value], items: Iterable[Item], *, threads: int, ahead: int
) -> Generator[Value, None, None]:
    """Yield ``work(item)`` for each item, in the order of the items, which are taken at most ``ahead`` ahead.

    The first error of ``work`` or of ``items`` is raised here. Then, and when the generator is closed, no
    further item is taken, and all threads have ended.
    """
    producers: _Producers[Item, Value] = _Producers(work, items, ahead=max(ahead, threads))
    producers.start(threads)
    try:
        yield from producers.values(threads)
    finally:
        producers.stop()


class _End:
    """What a thread puts last."""


class _Producers(Generic[Item, Value]):
    def __init__(self, work: Callable[[Item], Value], items: Iterable[Item], *, ahead: int) -> None:
        self._work = work
        self._items = enumerate(items)
        self._taking = threading.Lock()
        self._places = threading.Semaphore(ahead)
        """One for each item that is taken and not yet yielded."""
        self._done: queue.Queue[tuple[int, Value] | BaseException | _End] = queue.Queue(maxsize=ahead + 1)
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        """Start the threads."""
        for number in range(threads):
            thread = threading.Thread(target=self._run, name=f"lakehouse-producer-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def values(self, threads: int) -> Generator[Value, None, None]:
        """Yield the values in the order of the items. Raises the first error."""
        early: dict[int, Value] = {}
        turn, running = 0, threads
        while running:
            match self._done.get():
                case _End():
                    running -= 1
                case BaseException() as error:
                    raise error
                case number, value:
                    early[number] = value
            while turn in early:
                yield early.pop(turn)
                turn += 1
                self._places.release()

    def stop(self) -> None:
        """Let no thread take another item, and wait until all have ended."""
        self._stopped.set()
        for _ in self._threads:
            self._places.release()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._done.get(timeout=0.01)  # a thread may wait for room
            except queue.Empty:
                continue

    def _run(self) -> None:
        try:
            while (item := self._taken()) is not None:
                number, content = item
                self._done.put((number, self._work(content)))
        except BaseException as error:  # noqa: BLE001 - also sys.exit() is raised where the values are taken
            self._stopped.set()
            self._done.put(error)
        self._done.put(_End())

    def _taken(self) -> tuple[int, Item] | None:
        self._places.acquire()
        with self._taking:
            if self._stopped.is_set():
                return None
            item = next(self._items, None)
            if item is None:
                self._places.release()  # the other threads must come to know it too
            return item
