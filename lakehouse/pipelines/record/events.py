"""What happened in every run, as a Delta table that anybody can query."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lakehouse.cache import NodeStatistics
from lakehouse.delta_log import (
    MetadataChangedException,
    ProtocolChangedException,
    Snapshot,
    TableNotFoundError,
    TransactionManager,
    arrow_column,
)
from lakehouse.masking import masked
from lakehouse.optimization import ArrowRewriter, Budget, Compaction, QueryOptimizer
from lakehouse.optimization import Outcome as Maintained
from lakehouse.pipelines.record.event import EVENTS_SCHEMA, Event
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.tables import TableWriteError, root_cause

__all__ = ["EventLog", "events_of"]

_log = logging.getLogger(__name__)

_RUNS_TOGETHER = 250
_FILE_BYTES = 1 << 18
_SECONDS_TOGETHER = 10


class EventLog:
    """The table ``system/events`` of a warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._path = warehouse.path_of(SYSTEM_LAYER, "events")
        self._snapshot: Snapshot | None = None

    def append(self, result: RunResult) -> None:
        """Write all events of a run, as one commit."""
        rows = _table(list(_rows(result)))
        try:
            version = self._commit(rows)
        except (MetadataChangedException, ProtocolChangedException):
            # Another run created the table between our look and our commit: now it is there.
            version = self._commit(rows)
        except OSError as error:
            cause = f"{error.strerror}: {error.filename}"
            raise TableWriteError(path=self._path, action="append to", cause=cause) from error
        if version % _RUNS_TOGETHER == 0 and version > 0:
            self._put_together()

    def _commit(self, rows: pa.Table) -> int:
        with TransactionManager().transaction(self._path) as transaction:
            transaction.append(rows)
        return transaction.version or 0

    def _put_together(self) -> None:
        """Write the small files of many runs again as few, so that a look at the last runs costs the same after years.

        Whatever keeps it from that is logged: the events are written.
        """
        strategy = Compaction(target_file_bytes=_FILE_BYTES)
        budget = Budget(seconds=_SECONDS_TOGETHER, size_bytes=64 * _FILE_BYTES)
        try:
            QueryOptimizer([strategy], rewriter=ArrowRewriter()).maintain(self._path, budget=budget)
        except Exception as error:  # noqa: BLE001 - a run does not fail for it
            _log.warning("The files of %s can't be put together: %s", self._path, masked(str(error)))

    def snapshot(self) -> Snapshot | None:
        """Return the table as it is now; None where nothing ran yet."""
        try:
            self._snapshot = self._snapshot.update() if self._snapshot else Snapshot.load(self._path)
        except TableNotFoundError:
            self._snapshot = None
        return self._snapshot

    def read(self) -> pa.Table:
        """Return all events, in no order; none where nothing ran yet."""
        snapshot = self.snapshot()
        return EVENTS_SCHEMA.empty_table() if snapshot is None else snapshot.to_arrow()


def events_of(result: RunResult) -> tuple[Event, ...]:
    """Return the events of a run as the log keeps them, that of the run itself first."""
    return tuple(Event(**{name: _shown(value) for name, value in row.items()}) for row in _rows(result))


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    columns = [_column([_shown(row.get(field.name)) for row in rows], field.type) for field in EVENTS_SCHEMA]
    return pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)


def _shown(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value


def _column(values: Sequence[Any], data_type: pa.DataType) -> pa.Array:
    if not pa.types.is_timestamp(data_type):
        return arrow_column(values, data_type)
    epoch, microsecond = dt.datetime.fromtimestamp(0, dt.UTC), dt.timedelta(microseconds=1)
    return arrow_column([(value - epoch) // microsecond for value in values], pa.int64()).cast(data_type)


def _rows(result: RunResult) -> Iterator[dict[str, Any]]:
    run = {"run_id": result.run_id, "pipeline": result.pipeline, "started_at": result.started_at}
    head = {**run, "kind": "run", "status": result.status, "duration_seconds": result.seconds}
    if result.micro_batch is not None:
        head["details"] = json.dumps(dataclasses.asdict(result.micro_batch))
    yield head if result.error is None else {**head, **_error(result.error)}
    for outcome in result.outcomes.values():
        for row in _outcome_rows(outcome, result.started_at):
            yield {**run, "table": outcome.table, **row}
    for table, outcomes in result.maintenance.items():
        for done in outcomes:
            yield {**run, "table": table, **_maintenance_row(done)}
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
                **_error(outcome.error),
            }


def _error(error: BaseException) -> dict[str, str]:
    return {
        "error_class": type(error).__name__,
        "error_message": str(error),
        "root_cause": root_cause(error),
    }


def _refresh_rows(refresh: Refresh) -> Iterator[dict[str, Any]]:
    tally = refresh.tally
    place = {"batch": refresh.batch.number, "version": refresh.version, "status": "ok"}
    yield {
        **place,
        "kind": "table",
        "inputs": json.dumps(dict(refresh.inputs)),
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


def _maintenance_row(done: Maintained) -> dict[str, Any]:
    loads = {
        "predicted_before": done.predicted_before,
        "predicted_after": done.predicted_after,
        "measured_before": done.measured_before,
        "measured_after": done.measured_after,
    }
    shown = {name: None if load is None else dataclasses.asdict(load) for name, load in loads.items()}
    return {
        "kind": "maintenance",
        "name": done.strategy,
        "status": done.status.value,
        "version": done.version,
        "duration_seconds": done.seconds,
        "details": json.dumps(
            {
                "reason": done.reason,
                "rewritten_bytes": done.rewritten_bytes,
                **shown,
                "probe_seconds": None if done.probe is None else dataclasses.asdict(done.probe),
            }
        ),
    }


def _cache_row(use: NodeStatistics) -> dict[str, Any]:
    return {
        "kind": "cache",
        "status": "ok",
        "duration_seconds": use.fetch_microseconds / 1e6,
        "details": json.dumps(use.as_dict()),
    }
