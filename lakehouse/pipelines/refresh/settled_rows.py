"""Rows that are computed once: written to files, and read back from there by all who ask for them."""

from __future__ import annotations

import threading

from pyspark.sql import DataFrame

from lakehouse.tables import IWritableDeltaTable, StagedRows

__all__ = ["SettledRows"]


class SettledRows:
    """What the tables of a run had to settle. Thread-safe.

    A frame that may choose differently when it is computed again must not be computed again, and memory is no place
    to keep it: what is evicted, or goes with a lost executor, is computed again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._staged: list[StagedRows] = []

    def settle(self, frame: DataFrame, beside: IWritableDeltaTable) -> DataFrame:
        """Compute the rows, and return them as they are in files beside a table."""
        staged = beside.stage(frame)
        with self._lock:
            self._staged.append(staged)
        return staged.frame(frame.sparkSession)

    def release(self) -> None:
        """Delete the files, when the run is over."""
        with self._lock:
            for staged in self._staged:
                staged.discard()
            self._staged.clear()
