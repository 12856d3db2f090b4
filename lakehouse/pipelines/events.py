"""What happened in every run, as a Delta table that anybody can query."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from lakehouse.cache import NodeStatistics
from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.delta_log.conflict_errors import MetadataChangedException, ProtocolChangedException
from lakehouse.delta_log.errors import TableNotFoundError
from lakehouse.pipelines.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.table_pipeline import Refresh
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.tables import TableWriteError

__all__ = ["EVENTS_SCHEMA", "EventLog"]

EVENTS_SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("pipeline", pa.string()),
        ("kind", pa.string()),  # run, table, step, rule or cache
        ("table", pa.string()),
        ("name", pa.string()),  # of the step or the rule
        ("status", pa.string()),  # ok, nothing new, failed or skipped
        ("batch", pa.int64()),
        ("version", pa.int64()),  # of the table after the refresh
        ("inputs", pa.string()),  # JSON: the versions or files that were read
        ("rows_in", pa.int64()),
        ("rows_out", pa.int64()),
        ("rows_dropped", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("rows_broken", pa.int64()),  # rows that break the rule, whatever became of them
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("duration_seconds", pa.float64()),
        ("error_class", pa.string()),
        ("error_message", pa.string()),
        ("root_cause", pa.string()),
        ("details", pa.string()),  # JSON: what only this layer counts, such as files, or a cache's hits
    ]
)
"""A row for each run, each batch of a table, each step that takes rows out, each rule, and the nodes' caches."""


class EventLog:
    """The table ``system/events`` of a warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._path = warehouse.path_of(SYSTEM_LAYER, "events")

    def append(self, result: RunResult) -> None:
        """Write all events of a run, as one commit."""
        rows = pa.Table.from_pylist(list(_rows(result)), schema=EVENTS_SCHEMA)
        try:
            self._commit(rows)
        except (MetadataChangedException, ProtocolChangedException):
            # Another run created the table between our look and our commit: now it is there.
            self._commit(rows)
        except OSError as error:
            cause = f"{error.strerror}: {error.filename}"
            raise TableWriteError(path=self._path, action="append to", cause=cause) from error

    def _commit(self, rows: pa.Table) -> None:
        with TransactionManager().transaction(self._path) as transaction:
            transaction.append(rows)

    def read(self) -> pa.Table:
        """Return all events, in no order; none where nothing ran yet."""
        try:
            return Snapshot.load(self._path).to_arrow()
        except TableNotFoundError:
            return EVENTS_SCHEMA.empty_table()


def _rows(result: RunResult) -> Iterator[dict[str, Any]]:
    run = {"run_id": result.run_id, "pipeline": result.pipeline, "started_at": result.started_at}
    yield {**run, "kind": "run", "status": result.status, "duration_seconds": result.seconds}
    for outcome in result.outcomes.values():
        for row in _outcome_rows(outcome, result.started_at):
            yield {**run, "table": outcome.table, **row}
    if result.cache is not None:
        yield {**run, **_cache_row(result.cache)}


def _outcome_rows(outcome: Outcome, started_at: dt.datetime) -> Iterator[dict[str, Any]]:
    match outcome:
        case Refreshed():
            for refresh in outcome.refreshes:
                yield from _refresh_rows(refresh)
        case NothingNew():
            yield {"kind": "table", "status": "nothing new"}
        case Skipped():
            message = f"{outcome.because} failed"
            yield {"kind": "table", "status": "skipped", "error_message": message}
        case Failed():
            yield {
                "kind": "table",
                "status": "failed",
                "duration_seconds": outcome.seconds,
                "error_class": type(outcome.error).__name__,
                "error_message": str(outcome.error),
                "root_cause": outcome.cause,
            }


def _refresh_rows(refresh: Refresh) -> Iterator[dict[str, Any]]:
    tally = refresh.tally
    place = {"batch": refresh.batch.number, "version": refresh.version, "status": "ok"}
    yield {
        **place,
        "kind": "table",
        "inputs": json.dumps(_inputs(refresh.batch.inputs)),
        "rows_in": tally.rows_in,
        "rows_out": tally.written,
        "rows_dropped": tally.dropped,
        "rows_quarantined": tally.quarantined,
        "duration_seconds": refresh.seconds,
        "details": json.dumps(dict(refresh.details)),
    }
    for step in refresh.steps:
        yield {
            **place,
            "kind": "step",
            "name": step.step,
            "rows_in": step.rows_in,
            "rows_out": step.rows_out,
        }
    for rule, broken in tally.broken.items():
        yield {**place, "kind": "rule", "name": rule, "rows_broken": broken}


def _cache_row(use: NodeStatistics) -> dict[str, Any]:
    return {
        "kind": "cache",
        "status": "ok",
        "duration_seconds": use.fetch_microseconds / 1e6,
        "details": json.dumps(use.as_dict()),
    }


def _inputs(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Name files by path only: the batch has the rest."""
    return {"files": [file["path"] for file in inputs["files"]]} if "files" in inputs else inputs
