"""Streams that go while a test does something beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from lakehouse.pipelines import (
    EventLog,
    RunListener,
    StreamProgress,
    StreamResult,
    StreamStop,
    Warehouse,
    stream_pipeline,
)

__all__ = ["Seen", "check_law", "streaming"]


class Seen(RunListener):
    """Counts the micro-batches that a table has taken, and lets a test wait for them."""

    def __init__(self, table: str = "days") -> None:
        self._table = table
        self._changed = threading.Condition()
        self._micro_batches = 0
        self.started = threading.Event()

    def stream_started(self, progress: StreamProgress) -> None:
        self.started.set()

    def stream_progressed(self, progress: StreamProgress) -> None:
        with self._changed:
            if self._table in progress.tables:
                self._micro_batches = progress.tables[self._table].micro_batches
            self._changed.notify_all()

    def wait_for(self, micro_batches: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._micro_batches >= micro_batches, timeout=240)


def streaming(work: Callable[[StreamStop, Seen], None], table: str = "days", **given: object) -> StreamResult:
    """Run a continuous stream while ``work`` goes on beside it, and end it then."""
    stop, seen, failed = StreamStop(), Seen(table), []

    def beside() -> None:
        try:
            assert seen.started.wait(240)
            work(stop, seen)
        except BaseException as error:
            failed.append(error)
        stop.ask("the test")

    thread = threading.Thread(target=beside)
    thread.start()
    result = stream_pipeline(stop=stop, listener=seen, trigger="1 second", **given)  # type: ignore[arg-type]
    thread.join()
    if failed:
        raise failed[0]
    return result


def check_law(warehouse: Path) -> list[dict]:
    """Check that rows in = written + dropped + quarantined in each event of a table, and return the runs' events."""
    events = EventLog(Warehouse.at(warehouse)).read().to_pylist()
    tables = [each for each in events if each["kind"] == "table" and each["status"] == "ok"]
    assert tables
    for each in tables:
        assert each["rows_in"] == each["rows_out"] + each["rows_dropped"] + each["rows_quarantined"]
    return [each for each in events if each["kind"] == "run"]
