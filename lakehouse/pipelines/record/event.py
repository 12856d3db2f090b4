"""One event of a run, as the event log keeps it."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec
import pyarrow as pa

__all__ = ["EVENTS_SCHEMA", "Event"]

Kind = Literal["run", "table", "step", "rule", "cache", "maintenance"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A run, a batch of a table, a step that takes rows out, a rule, upkeep of files, or what the nodes' caches did."""

    run_id: str
    pipeline: str
    kind: Kind
    table: str | None = None
    name: str | None = None
    """Of the step or the rule."""
    status: str | None = None
    """``ok``, ``nothing new``, ``failed`` or ``skipped``."""
    batch: int | None = None
    version: int | None = None
    """Of the table after the refresh."""
    inputs: str | None = None
    """JSON: the versions or files that were read."""
    rows_in: int | None = None
    rows_out: int | None = None
    rows_dropped: int | None = None
    rows_quarantined: int | None = None
    rows_broken: int | None = None
    """Rows that break the rule, whatever became of them."""
    started_at: dt.datetime
    """When the run began; in UTC."""
    duration_seconds: float | None = None
    error_class: str | None = None
    error_message: str | None = None
    root_cause: str | None = None
    details: str | None = None
    """JSON: what only this source counts, such as files, or a cache's hits."""


_TYPES = {
    "batch": pa.int64(),
    "version": pa.int64(),
    "rows_in": pa.int64(),
    "rows_out": pa.int64(),
    "rows_dropped": pa.int64(),
    "rows_quarantined": pa.int64(),
    "rows_broken": pa.int64(),
    "started_at": pa.timestamp("us", tz="UTC"),
    "duration_seconds": pa.float64(),
}

EVENTS_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in Event.__struct_fields__])
"""The columns of the event log: the fields of an Event, in their order."""
