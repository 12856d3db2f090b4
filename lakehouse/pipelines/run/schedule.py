"""The order of a run: tables that don't need each other side by side, those behind a failure not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from lakehouse.pipelines.record.outcomes import Failed, Outcome, Skipped
from lakehouse.pipelines.run.control import RunControl
from lakehouse.pipelines.run.seats import Seats

__all__ = ["run_in_order", "tables_at_once"]

_FOR_EACH_TASK = 2
"""While Spark works on one small table, another one waits for the log, for files, or for a plan."""
_WHERE_UNKNOWN = 4
_LOOK_SECONDS = 0.5
"""How often it is looked for tables whose time is up."""
_GRACE_SECONDS = 20.0
"""Work that was told to end, and that Spark has no part in, is not waited for longer than this."""


def tables_at_once(tasks_at_once: int | None) -> int:
    """Return how many tables are in work at once in a session that runs so many tasks; None: nobody knows."""
    return _WHERE_UNKNOWN if tasks_at_once is None else max(2, _FOR_EACH_TASK * tasks_at_once)


def run_in_order(
    inputs: Mapping[str, frozenset[str]],
    names: Sequence[str],
    *,
    at_once: int,
    work: Callable[[str], Outcome],
    finish: Callable[[Outcome], None],
    control: RunControl | None = None,
) -> None:
    """Call ``work`` for each of ``names``, after its inputs among them, and ``finish`` with each outcome.

    ``work`` is called from several threads, ``finish`` only from this one. A table that pauses by its ``control``
    is not among those ``at_once``. When this call is interrupted, all work is told to end, and is waited for.
    """
    _Order(inputs, names, Seats(at_once), work, finish, control or RunControl({})).run()


class _Order:
    def __init__(
        self,
        inputs: Mapping[str, frozenset[str]],
        names: Sequence[str],
        seats: Seats,
        work: Callable[[str], Outcome],
        finish: Callable[[Outcome], None],
        control: RunControl,
    ) -> None:
        control.seats = seats
        self._needs = {name: inputs[name] & frozenset(names) for name in names}
        self._waiting = list(names)
        self._seats = seats
        self._work = work
        self._finish = finish
        self._control = control
        self._running: dict[Future[Outcome], str] = {}
        self._outcomes: dict[str, Outcome] = {}

    def run(self) -> None:
        try:
            while self._waiting or self._running:
                self._begin_what_is_ready()
                self._wait()
        except BaseException as error:
            self._stop(str(error) or "Ctrl-C")
            raise

    def _begin_what_is_ready(self) -> None:
        for name in [name for name in self._waiting if self._needs[name] <= self._outcomes.keys()]:
            broken = sorted(
                need for need in self._needs[name] if isinstance(self._outcomes[need], Failed | Skipped)
            )
            if broken:
                self._waiting.remove(name)
                self._done(Skipped(table=name, because=broken[0]))
            elif self._seats.take():
                self._waiting.remove(name)
                self._running[_begun(self._work, name)] = name

    def _wait(self) -> None:
        if not self._running:
            return  # everything that was ready is skipped: look again
        # A table that pauses leaves its seat without an outcome: while others wait, it is looked for one.
        seconds = _LOOK_SECONDS if self._control.has_timeouts or self._waiting else None
        finished, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in finished:
            del self._running[future]
            self._seats.leave()
            self._done(future.result())
        for future, name in list(self._running.items()):
            over = self._control.seconds_over(name)
            if over >= 0:
                self._control.interrupt(name)
            if over >= _GRACE_SECONDS and (why := self._control.reason(name)) is not None:
                del self._running[future]  # its thread can't be ended, and publishes nothing any more
                self._seats.leave()
                self._done(Failed(table=name, error=why, seconds=over))

    def _stop(self, by: str) -> None:
        """Tell all work to end, and wait for it a while."""
        self._control.stop(by)
        self._seats.open_to_all()
        deadline = time.monotonic() + _GRACE_SECONDS
        left = set(self._running)
        while left and time.monotonic() < deadline:
            for future in left:
                self._control.interrupt(self._running[future])
            left = wait(left, timeout=_LOOK_SECONDS).not_done

    def _done(self, outcome: Outcome) -> None:
        self._outcomes[outcome.table] = outcome
        self._finish(outcome)


def _begun(work: Callable[[str], Outcome], name: str) -> Future[Outcome]:
    """Begin the work in a thread that doesn't keep the process from ending."""
    future: Future[Outcome] = Future()

    def run() -> None:
        try:
            future.set_result(work(name))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name=f"lakehouse {name}", daemon=True).start()
    return future
