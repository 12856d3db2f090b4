"""Several listeners as one, of which none can harm the run or another one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from lakehouse.masking import masked
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Outcome, RunResult
from lakehouse.pipelines.record.task_progress import TaskCounter

__all__ = ["Listeners"]

_log = logging.getLogger(__name__)


class Listeners(RunListener):
    """Tells ``first``, whose errors are the caller's, and then the others, whose errors are logged."""

    def __init__(self, first: RunListener, others: Sequence[RunListener]) -> None:
        self._first = first
        self._others = others

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._first.run_started(pipeline, tables)
        self._tell(lambda other: other.run_started(pipeline, tables))

    def work_begins(self, progress: TaskCounter) -> None:
        self._first.work_begins(progress)
        self._tell(lambda other: other.work_begins(progress))

    def step_done(self, table: str, step: str) -> None:
        self._first.step_done(table, step)
        self._tell(lambda other: other.step_done(table, step))

    def table_finished(self, outcome: Outcome) -> None:
        self._first.table_finished(outcome)
        self._tell(lambda other: other.table_finished(outcome))

    def run_finished(self, result: RunResult) -> None:
        self._tell(lambda other: other.run_finished(result))
        self._first.run_finished(result)

    def run_failed(self, error: BaseException) -> None:
        self._tell(lambda other: other.run_failed(error))
        self._first.run_failed(error)

    def _tell(self, tell: Callable[[RunListener], None]) -> None:
        for other in self._others:
            try:
                tell(other)
            except Exception as error:  # noqa: BLE001 - the tables are what the run is for
                _log.warning("%s could not tell what it heard: %s", type(other).__name__, masked(str(error)))
