"""Listeners that end a run at a step."""

from __future__ import annotations

from lakehouse.pipelines import RunListener

__all__ = ["StopAfter"]


class StopAfter(RunListener):
    """Raises an error after a step, of any table or of one: what the step did stands, and nothing behind it is done.

    A table fails with a RuntimeError; a KeyboardInterrupt ends the run, as a kill does.
    """

    def __init__(
        self, step: str, *, table: str | None = None, error: type[BaseException] = RuntimeError
    ) -> None:
        self._step = step
        self._table = table
        self._error = error

    def step_done(self, table: str, step: str) -> None:
        if step == self._step and self._table in (None, table):
            raise self._error("stopped here")
