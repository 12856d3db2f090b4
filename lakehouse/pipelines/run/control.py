"""Stops work that is going on: of one table when its time is up, of all when somebody stops the run."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence

from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.errors import RunStoppedError, TableTimeoutError
from lakehouse.pipelines.run.seats import Seats
from lakehouse.tables import SPARK_ERRORS

__all__ = ["RunControl", "timeouts"]

_log = logging.getLogger(__name__)


class RunControl:
    """Knows since when each table is in work, and how long it may be. Thread-safe.

    Spark's work carries a tag of its table, by which it is cancelled; between two steps ``check`` raises, so
    that a table whose time is up publishes nothing.
    """

    def __init__(
        self, timeouts: Mapping[str, dt.timedelta], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._timeouts = {table: length.total_seconds() for table, length in timeouts.items()}
        self._clock = clock
        self._run = uuid.uuid4().hex
        self._since: dict[str, float] = {}
        self._stopped_by = ""
        self._stopping = threading.Event()
        self.session: SparkSession | None = None
        """Set when there is one."""
        self.seats: Seats | None = None
        """Those of the tables in work, once there are any."""

    @property
    def has_timeouts(self) -> bool:
        """Whether any table may take only so long."""
        return bool(self._timeouts)

    @contextlib.contextmanager
    def working(self, table: str) -> Iterator[None]:
        """Note that this thread is at work on a table, and tag what it starts in Spark."""
        self._since[table] = self._clock()
        spark, tag = self.session, self.tag(table)
        try:
            if spark is not None:
                spark.addTag(tag)
            yield
        finally:
            if spark is not None:
                with contextlib.suppress(*SPARK_ERRORS, OSError):
                    spark.removeTag(tag)
            self._since.pop(table, None)

    def check(self, table: str) -> None:
        """Raise TableTimeoutError or RunStoppedError where the table's work is to end."""
        if (why := self.reason(table)) is not None:
            raise why

    def reason(self, table: str) -> LakehouseError | None:
        """Return why the table's work is to end; None where it isn't."""
        if self._stopping.is_set():
            return RunStoppedError(by=self._stopped_by)
        if self.seconds_over(table) >= 0:
            return TableTimeoutError(table=table, seconds=self._timeouts[table])
        return None

    def seconds_over(self, table: str) -> float:
        """Return how long the table is in work beyond its time; negative where it has time left."""
        since, seconds = self._since.get(table), self._timeouts.get(table)
        return -1.0 if since is None or seconds is None else self._clock() - since - seconds

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until somebody stops the run; another table may be in work meanwhile."""
        with contextlib.nullcontext() if self.seats is None else self.seats.away():
            self._stopping.wait(seconds)

    def interrupt(self, table: str) -> None:
        """Cancel what Spark is doing for a table."""
        if self.session is None:
            return
        try:
            self.session.interruptTag(self.tag(table))
        except (*SPARK_ERRORS, OSError) as error:
            _log.debug("The work on %s can't be cancelled: %s", table, error)

    def stop(self, by: str) -> None:
        """Have all work end; ``by`` says who wants it."""
        self._stopped_by = by
        self._stopping.set()

    def tag(self, table: str) -> str:
        """Return what Spark's work on a table carries."""
        return f"lakehouse-{self._run}-{table}"


def timeouts(tables: Sequence[TableDefinition], default: dt.timedelta | None) -> Mapping[str, dt.timedelta]:
    """Return how long tables may take, by name; those that may take as long as they like are left out."""
    own = {table.name: duration(table.options.timeout or "") or default for table in tables}
    return {name: length for name, length in own.items() if length is not None}
