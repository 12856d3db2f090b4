"""Who wants to know how a run goes, while it goes."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.pipelines.record.outcomes import Outcome, RunResult
from lakehouse.pipelines.record.progress import StreamProgress
from lakehouse.pipelines.record.task_progress import TaskCounter

__all__ = ["RunListener"]


class RunListener:
    """Is told of each step, from several threads at once. Override what you want to hear; the rest does nothing."""

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        """Hear of the tables that the run is about, in the order in which they depend on each other."""

    def work_begins(self, progress: TaskCounter) -> None:
        """Hear that there is a session, and whom to ask how far it is with a table, until the run ends."""

    def step_done(self, table: str, step: str) -> None:
        """Hear that a table has finished a step: ``batch``, ``validate``, ``quarantine`` or ``publish``."""

    def table_finished(self, outcome: Outcome) -> None:
        """Hear how one table ended."""

    def run_finished(self, result: RunResult) -> None:
        """Hear how the run ended; its events are written."""

    def run_failed(self, error: BaseException) -> None:
        """Hear that the run itself stopped with an error, which is raised after this."""

    def stream_started(self, progress: StreamProgress) -> None:
        """Hear that a stream begins; each of its micro-batches is a run of its own."""

    def stream_decided(self, progress: StreamProgress) -> None:
        """Hear what waits for tables that a micro-batch begins to work on."""

    def stream_progressed(self, progress: StreamProgress) -> None:
        """Hear how a stream stands after a micro-batch."""

    def stream_ended(self, progress: StreamProgress) -> None:
        """Hear that a stream has ended."""
