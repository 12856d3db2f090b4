"""The tables of a warehouse as one run sees them, each opened once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from pyspark.sql import SparkSession

from lakehouse.tables import IWritableDeltaTable, TableLayout, TableLog

__all__ = ["OpenTables", "TableEngine"]


class TableEngine(Protocol):
    """Opens the table in a folder: ``NativeTable``, ``DeltaSparkTable``, or one of your own."""

    def __call__(self, spark: SparkSession, path: str, *, layout: TableLayout) -> IWritableDeltaTable:
        """Return the table, which need not exist yet; a table that is created gets the layout."""


class OpenTables:
    """Keeps one log and one handle a folder, so that what was read of a log is not read again. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: dict[str, TableLog] = {}
        self._tables: dict[str, IWritableDeltaTable] = {}

    def log(self, path: str) -> TableLog:
        """Return the log of the table in a folder."""
        with self._lock:
            return self._logs.setdefault(path, TableLog(path))

    def table(
        self,
        path: str,
        engine: TableEngine,
        open_session: Callable[[], SparkSession],
        *,
        layout: TableLayout,
    ) -> IWritableDeltaTable:
        """Return the table in a folder, which need not exist yet."""
        with self._lock:
            if path not in self._tables:
                self._tables[path] = engine(open_session(), path, layout=layout)
            return self._tables[path]
