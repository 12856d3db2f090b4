"""Workers that share the items of one iterable: each has one at a time, and a dead one is replaced."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any

from lakehouse.ingestion.errors import WorkerStartError
from lakehouse.ingestion.processes.outcomes import NotProcessed, Processed
from lakehouse.ingestion.processes.worker import Answer, Died, Failed, Task, Worker

__all__ = ["Crew"]

_MOST_DEATHS_AT_START = 3
"""In a row; one alone may be bad luck."""

_Numbered = tuple[int, Processed[Any, Any] | NotProcessed[Any]]


class Crew:
    """At most ``size`` processes, started when there is work for them. Not thread-safe."""

    def __init__(
        self, work: bytes, *, size: int, retries_after_death: int, item_timeout_seconds: float | None
    ) -> None:
        self._work = work
        self._size = size
        self._retries = retries_after_death
        self._limit = item_timeout_seconds
        self._workers: list[Worker] = []
        self._waiting: deque[Task] = deque()
        self._taken = 0
        self._deaths_at_start = 0

    def outcomes(self, items: Iterable[Any], *, may_take: Callable[[int], bool]) -> Iterator[_Numbered]:
        """Yield each item's number and outcome as it comes. An item is taken when there is a worker for it.

        ``may_take(number)`` says whether the item of this number may be taken yet.
        """
        feed = iter(items)
        while True:
            yield from self._take(feed, may_take)
            self._hand_out()
            if not self._waiting and not self._busy():
                return
            yield from self._received()

    def dismiss(self) -> None:
        """End the workers, which have nothing to do."""
        for worker in self._workers:
            worker.dismiss()
        for worker in self._workers:
            worker.end()

    def kill(self) -> None:
        """End the workers at once, whatever they do."""
        for worker in self._workers:
            worker.kill()

    def _busy(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.task is not None]

    def _take(self, feed: Iterator[Any], may_take: Callable[[int], bool]) -> Iterator[_Numbered]:
        """Take as many items as there are places; yield those that can't be sent."""
        while len(self._waiting) + len(self._busy()) < self._size and may_take(self._taken):
            try:
                item = next(feed)
            except StopIteration:
                return
            number, self._taken = self._taken, self._taken + 1
            try:
                content = pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001 - an item's class may fail in any way; it fails alone
                reason = f"it can't be sent to a worker: {type(error).__name__}: {error}"
                yield number, NotProcessed(item=item, reason=reason, attempts=0)
            else:
                self._waiting.append(Task(number=number, item=item, content=content))

    def _hand_out(self) -> None:
        """Give waiting tasks to idle workers, and start workers for the others."""
        for worker in self._workers:
            if self._waiting and worker.is_idle:
                worker.give(self._waiting.popleft())
        starting = sum(not worker.is_ready for worker in self._workers)
        while len(self._workers) < self._size and starting < len(self._waiting):
            self._workers.append(Worker(self._work))
            starting += 1

    def _received(self) -> Iterator[_Numbered]:
        """Wait until something comes from a worker, or one ends, or its time is over."""
        watched: dict[Any, Worker] = {}
        for worker in self._workers:
            watched |= {worker.connection: worker, worker.sentinel: worker}
        ready = {id(watched[each]): watched[each] for each in wait(list(watched), self._patience())}
        for worker in ready.values():
            yield from self._heard(worker, worker.answer())
        yield from self._out_of_time()

    def _out_of_time(self) -> Iterator[_Numbered]:
        if (limit := self._limit) is None:
            return
        for worker in self._busy():
            if worker.seconds_left(limit) <= 0:
                yield from self._heard(worker, worker.stopped(limit))

    def _patience(self) -> float | None:
        if (limit := self._limit) is None:
            return None
        return max(0.0, min((worker.seconds_left(limit) for worker in self._busy()), default=limit))

    def _heard(self, worker: Worker, answer: Answer | Failed | Died | None) -> Iterator[_Numbered]:
        if answer is None:
            self._deaths_at_start = 0
            return
        if isinstance(answer, Died):
            self._bury(worker, answer)
        task, worker.task = worker.task, None
        if task is None:
            return
        attempts = task.deaths + 1
        match answer:
            case Answer(value=value):
                yield task.number, Processed(item=task.item, value=value, attempts=attempts)
            case Failed(reason=reason, details=details):
                outcome = NotProcessed(item=task.item, reason=reason, attempts=attempts, details=details)
                yield task.number, outcome
            case Died() if task.deaths < self._retries:
                self._waiting.appendleft(task.after_death())
            case Died(reason=reason):
                yield task.number, NotProcessed(item=task.item, reason=reason, attempts=attempts)

    def _bury(self, worker: Worker, how: Died) -> None:
        self._workers.remove(worker)
        self._deaths_at_start += not worker.is_ready
        if self._deaths_at_start == _MOST_DEATHS_AT_START:
            raise WorkerStartError(reason=how.reason)
