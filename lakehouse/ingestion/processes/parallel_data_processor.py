"""CPU-bound work on many items, by processes of one machine: nothing that an item does stops the others."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import Any, Generic, TypeVar

from lakehouse.ingestion.errors import InvalidWorkError
from lakehouse.ingestion.processes.crew import Crew
from lakehouse.ingestion.processes.outcomes import ProcessOutcome

__all__ = ["ParallelDataProcessor"]

Item = TypeVar("Item")
Value = TypeVar("Value")

_WINDOW = 4
"""How many items a process may be ahead of the one whose turn it is."""


class ParallelDataProcessor(Generic[Item, Value]):
    """Applies a function of one argument to items, in processes that are started with ``spawn``.

    ``work`` and the items are pickled, so ``work`` is a function at the top level of a module, or a partial of
    one. It raises, and its item comes back as NotProcessed. A worker that dies (out of memory, a crash in C,
    ``os._exit``) or takes longer than ``item_timeout_seconds`` costs its item one of ``retries_after_death``;
    after them the item is NotProcessed. Items are taken one for each free worker: never all at once.

    For one machine: the driver or an edge node, not a task of Spark, whose cores are taken.
    Raises InvalidWorkError.
    """

    def __init__(
        self,
        work: Callable[[Item], Value],
        *,
        processes: int | None = None,
        retries_after_death: int = 1,
        item_timeout_seconds: float | None = None,
    ) -> None:
        self._processes = len(os.sched_getaffinity(0)) if processes is None else processes
        if self._processes < 1:
            raise InvalidWorkError(problem=f"{processes!r} processes can't work", fix="ask for 1 or more.")
        self._work = _pickled(work)
        self._retries = retries_after_death
        self._timeout = item_timeout_seconds

    def imap_unordered(self, items: Iterable[Item]) -> Generator[ProcessOutcome[Item, Value], None, None]:
        """Yield an outcome for each item, in the order in which they come.

        All processes end with the iterator: at its end, when it is closed, and at any exception, Ctrl-C too.
        Raises WorkerStartError when a process can't begin.
        """
        with closing(self._numbered(items, may_take=lambda _number: True)) as numbered:
            for _, outcome in numbered:
                yield outcome

    def imap(self, items: Iterable[Item]) -> Generator[ProcessOutcome[Item, Value], None, None]:
        """Yield an outcome for each item, in the order of the items; the processes go only a little ahead."""
        early: dict[int, ProcessOutcome[Item, Value]] = {}
        turn = 0
        with closing(
            self._numbered(items, may_take=lambda number: number < turn + _WINDOW * self._processes)
        ) as numbered:
            for number, outcome in numbered:
                early[number] = outcome
                while turn in early:
                    yield early.pop(turn)
                    turn += 1

    def _numbered(
        self, items: Iterable[Item], *, may_take: Callable[[int], bool]
    ) -> Generator[tuple[int, ProcessOutcome[Item, Value]], None, None]:
        _refuse_in_a_task()
        crew = Crew(
            self._work,
            size=self._processes,
            retries_after_death=self._retries,
            item_timeout_seconds=self._timeout,
        )
        try:
            yield from crew.outcomes(items, may_take=may_take)
        except BaseException:
            crew.kill()
            raise
        crew.dismiss()


def _pickled(work: Callable[[Any], Any]) -> bytes:
    try:
        return pickle.dumps(work)
    except Exception as error:
        name = getattr(work, "__qualname__", repr(work))
        raise InvalidWorkError(
            problem=f"{name!r} can't be sent to a process: {error}",
            fix="give a function at the top level of a module, or a functools.partial of one.",
        ) from error


def _refuse_in_a_task() -> None:
    # Inside a task pyspark is loaded already; here it must not be.
    pyspark = sys.modules.get("pyspark")
    if pyspark is not None and pyspark.TaskContext.get() is not None:
        raise InvalidWorkError(
            problem="a ParallelDataProcessor is used inside a task of Spark, whose cores are taken",
            fix="use more partitions there, or use it outside of Spark.",
        )
