"""What listeners share that act once, when a run is over, on all that happened in it."""

from __future__ import annotations

import abc
import datetime as dt
import threading
import time

from lakehouse.pipelines.errors import RunStoppedError
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.history import RunRecord, record_of
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Outcome, RunResult

__all__ = ["AfterRun"]


class AfterRun(RunListener, abc.ABC):
    """Takes the record from what it hears, so that the event log need not be read. Thread-safe."""

    def __init__(self, subject: RunSubject) -> None:
        self._subject = subject
        self._started_at, self._started = dt.datetime.now(dt.UTC), time.monotonic()
        self._outcomes: dict[str, Outcome] = {}
        self._lock = threading.Lock()

    @abc.abstractmethod
    def run_is_over(self, record: RunRecord) -> None:
        """Act on what happened; also in a run that stopped with an error."""

    def table_finished(self, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes[outcome.table] = outcome

    def run_finished(self, result: RunResult) -> None:
        self.run_is_over(record_of(result))

    def run_failed(self, error: BaseException) -> None:
        is_stopped = isinstance(error, KeyboardInterrupt)
        with self._lock:
            outcomes = dict(self._outcomes)
        result = RunResult(
            run_id=self._subject.run_id,
            pipeline=self._subject.pipeline,
            started_at=self._started_at,
            seconds=time.monotonic() - self._started,
            outcomes=outcomes,
            error=RunStoppedError(by=str(error) or "Ctrl-C") if is_stopped else error,
        )
        self.run_is_over(record_of(result))
