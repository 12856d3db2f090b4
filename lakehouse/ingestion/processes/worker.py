"""A worker as its parent sees it: a process, a connection to it, and the task that it has."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import pickle
import signal
import time
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from typing import Any

from lakehouse.ingestion.errors import WorkerStartError
from lakehouse.worker_process import DONE, READY, serve

__all__ = ["Answer", "Died", "Failed", "Task", "Worker"]

_SECONDS_TO_END = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One item, on its way."""

    number: int
    """From 0, in the order in which items come."""
    item: Any
    content: bytes
    """The item, pickled."""
    deaths: int = 0
    """How many workers died with it."""

    def after_death(self) -> Task:
        """Return the task for another try."""
        return dataclasses.replace(self, deaths=self.deaths + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The value came."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The work raised, or its value can't be sent."""

    reason: str
    details: str


@dataclass(frozen=True, slots=True)
class Died:
    """The process ended before it answered."""

    reason: str


class Worker:
    """One process (started with ``spawn``). Not thread-safe."""

    def __init__(self, work: bytes) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._end = _ProcessEnd(self._process)
        self.task: Task | None = None
        self.is_ready = False
        self._since = time.monotonic()
        with contextlib.suppress(OSError):  # it died at once: whoever waits for it gets to know
            self.connection.send_bytes(work)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a task."""
        return self.is_ready and self.task is None

    @property
    def sentinel(self) -> int:
        """What ``multiprocessing.connection.wait`` knows the end of the process by."""
        return self._end.descriptor

    def seconds_left(self, limit: float) -> float:
        """Return how much of the time for its task is left; below 0 when it is over."""
        return self._since + limit - time.monotonic()

    def give(self, task: Task) -> None:
        """Send a task. That the process is not there any more shows when its answer is asked for."""
        self.task, self._since = task, time.monotonic()
        with contextlib.suppress(OSError):
            self.connection.send_bytes(task.content)

    def answer(self) -> Answer | Failed | Died | None:
        """Return what came; None when it said that it is ready.

        Raises WorkerStartError where the work itself can't be received.
        """
        # Asked in this order: what it sent before it ended is there. A process that it left behind may hold the
        # connection open.
        if not self._process.is_alive() and not self.connection.poll():
            return self.died()
        try:
            message = self.connection.recv_bytes()
        except (EOFError, OSError):
            return self.died()
        kind, content = message[:1], message[1:]
        if kind == READY:
            self.is_ready = True
            return None
        if kind == DONE:
            try:
                return Answer(pickle.loads(content))  # noqa: S301 - from our own child
            except Exception as error:  # noqa: BLE001 - a class may fail in any way to be made again
                return Failed(f"its value can't be received: {type(error).__name__}: {error}", "")
        reason, details = pickle.loads(content)  # noqa: S301 - from our own child
        if not self.is_ready:
            raise WorkerStartError(reason=reason)
        return Failed(reason, details)

    def died(self) -> Died:
        """Return how it ended."""
        self._process.join(timeout=_SECONDS_TO_END)
        self.kill()
        return Died(f"the worker process {_how_it_ended(self._process.exitcode)}")

    def stopped(self, limit: float) -> Died:
        """End it because its task takes too long."""
        self.kill()
        return Died(f"it takes longer than {limit:g} seconds")

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        self._end.close()

    def dismiss(self) -> None:
        """Tell it to end; it ends when it has nothing to do."""
        self.connection.close()

    def end(self) -> None:
        """Wait for the end of a worker that was dismissed, and end it by force if it does not come."""
        self._process.join(timeout=_SECONDS_TO_END)
        self._process.kill()
        self._process.join()
        self._end.close()


class _ProcessEnd:
    """Becomes readable when the process ends, also where a process that it started holds its pipes open."""

    def __init__(self, process: SpawnProcess) -> None:
        self._own: int | None = None
        if hasattr(os, "pidfd_open") and process.pid is not None:
            with contextlib.suppress(OSError):  # an old kernel, or a container that forbids it
                self._own = os.pidfd_open(process.pid)
        self.descriptor = process.sentinel if self._own is None else self._own

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._own is not None:
            os.close(self._own)
            self._own = None


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    name = signal.Signals(-exit_code).name
    hint = " (the system may be out of memory)" if name == "SIGKILL" else ""
    return f"was ended by {name}{hint}"
