"""Tries the work on a table again after faults that pass by themselves, with pauses that grow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from lakehouse.pipelines.run.control import RunControl
from lakehouse.pipelines.run.faults import is_transient
from lakehouse.storage import RetryPolicy
from lakehouse.tables import root_cause

__all__ = ["Tries"]

_log = logging.getLogger(__name__)

_PAUSES = RetryPolicy(first_pause_seconds=2.0, longest_pause_seconds=60.0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often work is tried again; it ends where the run's control says so."""

    control: RunControl
    retries: int

    def of(self, table: str, work: Callable[[int], T]) -> T:
        """Return what ``work`` gives; it is called with the number of the try, from 0.

        Raises what the last try raised, or why the work on the table was to end.
        """
        for attempt in count():
            try:
                return work(attempt)
            except Exception as error:
                if not self._pauses(table, error, attempt):
                    if (why := self.control.reason(table)) is not None:
                        raise why from error
                    raise
        raise AssertionError  # the tries come to an end

    def _pauses(self, table: str, error: Exception, attempt: int) -> bool:
        """Wait as long as is due before the next try; False where there is none."""
        if attempt >= self.retries or self.control.reason(table) is not None or not is_transient(error):
            return False
        seconds = _PAUSES.pause_seconds(attempt)
        _log.warning("%s is tried again in %.1f s: %s", table, seconds, root_cause(error))
        self.control.pause(seconds)
        return self.control.reason(table) is None
