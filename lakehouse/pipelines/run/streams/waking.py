"""Spark's streaming queries: each wakes one table when its source says that something may have come."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from lakehouse.pipelines.declare.sources import Arrivals
from lakehouse.pipelines.run.streams.stop import StreamStop
from lakehouse.tables import SPARK_ERRORS, root_cause

__all__ = ["Waker"]

_log = logging.getLogger(__name__)


class _Failing(Protocol):
    def __call__(self, error: BaseException) -> None: ...


class Waker:
    """A query that calls ``wake`` once for each of its own micro-batches, of which it reads no row.

    Its checkpoint goes on when ``wake`` returns: what woke it is taken then. An error of ``wake`` ends the stream,
    through ``failed``.
    """

    def __init__(
        self, arrivals: Arrivals, wake: Callable[[], None], *, stop: StreamStop, failed: _Failing
    ) -> None:
        self._frame = arrivals.frame
        self.kind = arrivals.kind
        """Which checkpoint of the table is this one's."""
        self._wake = wake
        self._stop = stop
        self._failed = failed
        self._query: StreamingQuery | None = None

    def start(self, *, name: str, checkpoint: str, every: dt.timedelta | None) -> None:
        """Start the query; it ends by itself with what there is now, unless it looks ``every`` so often."""
        writer = self._frame.writeStream.queryName(name).option("checkpointLocation", checkpoint)
        writer = writer.foreachBatch(self._on_micro_batch)
        if every is None:
            writer = writer.trigger(availableNow=True)
        else:
            writer = writer.trigger(processingTime=f"{every.total_seconds():.3f} seconds")
        self._query = writer.start()

    @property
    def is_active(self) -> bool:
        """Whether the query goes."""
        return self._query is not None and self._query.isActive

    def why_ended(self) -> str:
        """Return the error that ended the query; empty where it ended without one."""
        error = self._query.exception() if self._query is not None else None
        return "" if error is None else root_cause(error)

    def end(self) -> None:
        """End the query; what it is at has returned by then, or returns at once."""
        if self._query is None:
            return
        try:
            self._query.stop()
        except SPARK_ERRORS as error:
            _log.warning("A query can't be stopped: %s", root_cause(error))

    def _on_micro_batch(self, frame: DataFrame, number: int) -> None:
        if self._stop.is_asked:
            return
        try:
            self._wake()
        except BaseException as error:  # noqa: BLE001 - it is raised by the stream, where somebody can catch it
            self._failed(error)
