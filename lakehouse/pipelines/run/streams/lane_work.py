"""The work of one lane: a micro-batch at a time, over the tables that something came for and all that need them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from lakehouse.pipelines.errors import RunHeldError
from lakehouse.pipelines.record.outcomes import Failed, Outcome, Refreshed, RunResult
from lakehouse.pipelines.run.streams.lanes import Lane
from lakehouse.pipelines.run.streams.micro_batches import MicroBatches
from lakehouse.pipelines.run.streams.stop import StreamStop
from lakehouse.tables import root_cause

__all__ = ["LaneWork"]

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 300.0


class LaneWork:
    """Does a lane's micro-batches, whoever asks for them. Thread-safe.

    What comes while one is at work is taken by the next, once for all who asked meanwhile. A table that failed is
    tried again after a pause that doubles each time; the others go on.
    """

    def __init__(
        self,
        lane: Lane,
        work: MicroBatches,
        stop: StreamStop,
        *,
        pause_seconds: float,
        look_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lane = lane
        self._work = work
        self._stop = stop
        self._pause_seconds = pause_seconds
        self._look_seconds = look_seconds
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._changes = threading.Lock()
        self._woken: set[str] = set()
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {name: clock() for name in lane.periods}
        """When a table that failed, or that goes by the clock, is due again."""
        self._next_look = clock()

    @property
    def seconds_to_look(self) -> float:
        """How long until somebody should look, whether or not anything woke the lane."""
        return max(0.0, min([self._next_look, *self._not_before.values()]) - self._clock())

    def wake(self, names: Collection[str]) -> None:
        """Look at these tables, and at all of the lane that need them; return when a look that began later is over."""
        with self._changes:
            self._woken.update(names)
        with self._one_at_a_time:
            self._look()  # at nothing, where a look that began meanwhile has taken them

    def look(self) -> None:
        """Look at all tables of the lane."""
        self.wake(self.lane.tables)

    def look_often(self, seconds: float) -> None:
        """Look by itself so often from now on, where nothing wakes the lane any more."""
        self._look_seconds = min(self._look_seconds, seconds)
        self._next_look = min(self._next_look, self._clock() + seconds)

    def finish(self) -> None:
        """Return when nothing is at work; the stream is asked to stop, so that nothing begins."""
        with self._one_at_a_time:
            pass

    def _look(self) -> None:
        while self._woken and not self._stop.is_asked:
            with self._changes:
                woken, self._woken = self._woken, set()
            self._next_look = self._clock() + self._look_seconds
            if names := self._due(woken):
                with self._surviving(names):
                    result = self._work.take(names)
                    self._note(names, result)
                    with self._changes:
                        self._woken |= self._left(result)

    def _due(self, woken: Collection[str]) -> list[str]:
        """Return the tables to look at; what they read beside comes too, so that a join finds what is there by then."""
        now, graph = self._clock(), self._work.graph
        wanted = set(woken).union(*(graph.downstream(name) for name in woken))
        wanted |= {each for name in wanted for each in graph.upstream(name)}
        return [
            name for name in self.lane.tables if name in wanted and self._not_before.get(name, now) <= now
        ]

    def _note(self, names: Collection[str], result: RunResult | None) -> None:
        now = self._clock()
        outcomes = result.outcomes if result is not None else {}
        for name in names:
            if isinstance(outcomes.get(name), Failed):
                self._pause(name)
                continue
            self._failures.pop(name, None)
            if name in self.lane.periods and not self._may_have_more(outcomes.get(name)):
                self._not_before[name] = now + self.lane.periods[name].total_seconds()
            else:
                self._not_before.pop(name, None)

    def _pause(self, name: str) -> None:
        failures = self._failures[name] = self._failures.get(name, 0) + 1
        seconds = min(_LONGEST_PAUSE_SECONDS, self._pause_seconds * 2 ** min(failures, 20))
        self._not_before[name] = self._clock() + seconds

    def _left(self, result: RunResult | None) -> set[str]:
        """Return the tables that may have more to take at once."""
        outcomes = result.outcomes if result is not None else {}
        return {name for name, outcome in outcomes.items() if self._may_have_more(outcome)}

    def _may_have_more(self, outcome: Outcome | None) -> bool:
        if not isinstance(outcome, Refreshed):
            return False
        return self._work.graph.tables[outcome.table].flow.source.takes_in_parts

    @contextmanager
    def _surviving(self, names: Collection[str]) -> Iterator[None]:
        """Let the lane go on after a micro-batch that failed as a whole, as when its events can't be written."""
        try:
            yield
        except RunHeldError:
            if not self._stop.is_asked:
                raise
        except Exception as error:
            if not self._work.survives(error):
                raise
            _log.warning("A micro-batch over %s failed: %s", ", ".join(names), root_cause(error))
            self._work.failed(names, error)
            for name in names:
                self._pause(name)
