"""Who wants to know how a run goes, while it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lakehouse.pipelines.outcomes import Outcome, RunResult

__all__ = ["RunListener", "Silence"]


class RunListener(Protocol):
    """Is told of each step, from several threads at once."""

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        """The tables that the run is about, in the order in which they depend on each other."""

    def step_done(self, table: str, step: str) -> None:
        """A table has finished a step: ``batch``, ``validate``, ``quarantine`` or ``publish``."""

    def table_finished(self, outcome: Outcome) -> None:
        """A table is through, one way or another."""

    def run_finished(self, result: RunResult) -> None:
        """All tables are through, and the run's events are written."""


class Silence:
    """Listens, and says nothing."""

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        """Say nothing."""

    def step_done(self, table: str, step: str) -> None:
        """Say nothing."""

    def table_finished(self, outcome: Outcome) -> None:
        """Say nothing."""

    def run_finished(self, result: RunResult) -> None:
        """Say nothing."""
