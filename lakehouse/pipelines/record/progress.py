"""How a stream stands: for each table its last micro-batch, and what waits. One small object of the warehouse."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Collection, Mapping, Sequence

import msgspec

from lakehouse.errors import LakehouseError
from lakehouse.masking import masked
from lakehouse.pipelines.declare.sources import Backlog
from lakehouse.pipelines.record.outcomes import Failed, Refreshed, RunResult
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.storage import NotFoundError

__all__ = ["ProgressLog", "StreamProgress", "TableProgress", "Waiting", "kept_progress"]

_log = logging.getLogger(__name__)

_PREFIX = f"{SYSTEM_LAYER}/streams/"
_SUFFIX = ".json"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waited for a table when it was last looked for; nothing where ``count`` is 0."""

    count: int
    unit: str
    since: str = ""
    """ISO 8601, UTC: when the first of it came; empty where nobody knows."""


class TableProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How one table stands in a stream."""

    micro_batches: int = 0
    """How many brought it something."""
    last_at: str = ""
    """ISO 8601, UTC: when the rows of the last one were visible; empty before the first."""
    batch: int | None = None
    version: int | None = None
    rows_in: int = 0
    rows_out: int = 0
    rows_dropped: int = 0
    rows_quarantined: int = 0
    """Of the last one, the rows that reached the table's rules = written + dropped + quarantined."""
    seconds: float = 0.0
    """How long the last one worked on the table."""
    waited_seconds: float | None = None
    """How long the oldest input of the last one was there before its rows were visible; None where nobody knows."""
    waiting: Waiting | None = None
    """None where the source doesn't say what waits."""
    state_bytes: int | None = None
    """How large the table's data files are, which are what the stream goes on from; None before the first."""
    inputs_set_aside: int = 0
    """How many inputs the stream has set aside since it began, such as files."""
    is_strict: bool = False
    """Whether that is a failure of the stream."""
    error: str = ""
    """Why the table failed at last; empty where it didn't."""
    failed_since: str = ""

    @property
    def breaks_strictness(self) -> bool:
        """Whether an input was set aside that the table must not lack."""
        return self.is_strict and self.inputs_set_aside > 0

    @property
    def rows_per_second(self) -> float:
        """How fast the last one was."""
        return self.rows_in / max(self.seconds, 0.001)


class StreamProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream stands."""

    pipeline: str
    stream: str
    """Its own name, which its micro-batches carry in the event log."""
    mode: str
    trigger_seconds: float
    started_at: str
    """ISO 8601, UTC, as all times here."""
    updated_at: str
    ended_at: str = ""
    ended_by: str = ""
    """Who or what ended it; empty while it goes."""
    micro_batches: int = 0
    tables: dict[str, TableProgress] = {}


class ProgressLog:
    """Keeps a stream's progress, in memory and in the warehouse. Thread-safe."""

    def __init__(self, warehouse: Warehouse, progress: StreamProgress) -> None:
        self._storage = warehouse.storage
        self._lock = threading.Lock()
        self._progress = progress

    @property
    def now(self) -> StreamProgress:
        """The progress as it stands."""
        return self._progress

    def begin(self) -> StreamProgress:
        """Take in that the stream begins, in place of the one before it."""
        with self._lock:
            return self._keep()

    def decided(self, backlogs: Mapping[str, Backlog]) -> StreamProgress:
        """Take in what waits for tables that a micro-batch begins to work on."""
        with self._lock:
            tables = dict(self._progress.tables)
            for name, backlog in backlogs.items():
                before = tables.get(name, TableProgress())
                tables[name] = msgspec.structs.replace(before, waiting=_waiting(backlog))
            return self._keep(tables=tables, updated_at=_text(dt.datetime.now(dt.UTC)))

    def note(
        self,
        result: RunResult,
        backlogs: Mapping[str, Backlog],
        visible: Mapping[str, dt.datetime],
        *,
        state_bytes: Mapping[str, int | None],
    ) -> StreamProgress:
        """Take in what came of a micro-batch.

        ``backlogs`` are what waited when it was decided, ``visible`` the times at which tables had their rows, and
        ``state_bytes`` how large they are now.
        """
        now = dt.datetime.now(dt.UTC)
        with self._lock:
            tables = dict(self._progress.tables)
            for name, outcome in result.outcomes.items():
                before = tables.get(name, TableProgress())
                match outcome:
                    case Refreshed():
                        found = _refreshed(before, outcome, backlogs.get(name), visible.get(name, now))
                        size_bytes = state_bytes.get(name)
                        tables[name] = msgspec.structs.replace(found, state_bytes=size_bytes)
                    case Failed():
                        tables[name] = _failed(before, outcome.error, now)
                    case _:
                        waiting = _waiting(backlogs[name]) if name in backlogs else _none_of(before)
                        tables[name] = msgspec.structs.replace(
                            before, waiting=waiting, error="", failed_since=""
                        )
            count = self._progress.micro_batches + (result.status != "nothing new")
            return self._keep(tables=tables, micro_batches=count, updated_at=_text(now))

    def looked(self, names: Sequence[str], backlogs: Mapping[str, Backlog]) -> StreamProgress:
        """Take in that these tables were looked at and nothing was done; what waits of them can't be taken yet."""
        now = dt.datetime.now(dt.UTC)
        with self._lock:
            tables = dict(self._progress.tables)
            for name in names:
                before = tables.get(name, TableProgress())
                waiting = _waiting(backlogs[name]) if name in backlogs else _none_of(before)
                tables[name] = msgspec.structs.replace(before, waiting=waiting, error="", failed_since="")
            return self._keep(tables=tables, updated_at=_text(now))

    def failed(self, names: Collection[str], error: BaseException) -> StreamProgress:
        """Take in that a micro-batch over these tables failed as a whole, also where that can't be written now."""
        now = dt.datetime.now(dt.UTC)
        with self._lock:
            tables = dict(self._progress.tables)
            tables |= {name: _failed(tables.get(name, TableProgress()), error, now) for name in names}
            try:
                return self._keep(tables=tables, updated_at=_text(now))
            except (LakehouseError, OSError) as unwritten:
                _log.warning("How the stream stands can't be written: %s", unwritten)
                return self._progress

    def end(self, by: str) -> StreamProgress:
        """Take in that the stream has ended."""
        now = _text(dt.datetime.now(dt.UTC))
        with self._lock:
            return self._keep(ended_at=now, updated_at=now, ended_by=masked(by))

    def _keep(self, **changes: object) -> StreamProgress:
        self._progress = msgspec.structs.replace(self._progress, **changes)
        key = f"{_PREFIX}{self._progress.pipeline}{_SUFFIX}"
        self._storage.write(key, msgspec.json.encode(self._progress))
        return self._progress


def kept_progress(warehouse: Warehouse) -> tuple[StreamProgress, ...]:
    """Return the progress of the last stream of each pipeline, in the order of the names."""
    found = []
    for stat in warehouse.storage.list(_PREFIX):
        if not stat.key.endswith(_SUFFIX):
            continue
        try:
            found.append(msgspec.json.decode(warehouse.storage.read(stat.key), type=StreamProgress))
        except (NotFoundError, msgspec.DecodeError):
            continue  # another one is written this moment
    return tuple(sorted(found, key=lambda progress: progress.pipeline))


def _refreshed(
    before: TableProgress, outcome: Refreshed, backlog: Backlog | None, now: dt.datetime
) -> TableProgress:
    last, since = outcome.refreshes[-1], backlog.since if backlog is not None else None
    tallies = [refresh.tally for refresh in outcome.refreshes]
    if last.came_us is not None:
        since = dt.datetime.fromtimestamp(last.came_us / 1e6, dt.UTC)
    set_aside = sum(len(refresh.set_aside) for refresh in outcome.refreshes)
    return TableProgress(
        micro_batches=before.micro_batches + 1,
        last_at=_text(now),
        batch=last.batch.number,
        version=last.version,
        rows_in=sum(each.rows_in for each in tallies),
        rows_out=sum(each.written for each in tallies),
        rows_dropped=sum(each.dropped for each in tallies),
        rows_quarantined=sum(each.quarantined for each in tallies),
        seconds=sum(refresh.seconds for refresh in outcome.refreshes),
        waited_seconds=None if since is None else max(0.0, (now - since).total_seconds()),
        waiting=None if last.waiting is None else _waiting(last.waiting),
        inputs_set_aside=before.inputs_set_aside + set_aside,
        is_strict=last.is_strict,
    )


def _failed(before: TableProgress, error: BaseException, now: dt.datetime) -> TableProgress:
    since = before.failed_since or _text(now)
    return msgspec.structs.replace(before, error=masked(str(error)), failed_since=since)


def _none_of(before: TableProgress) -> Waiting | None:
    """Return that nothing waits any more, for a table whose source says what waits."""
    return None if before.waiting is None else msgspec.structs.replace(before.waiting, count=0, since="")


def _waiting(backlog: Backlog) -> Waiting:
    since = "" if backlog.since is None else _text(backlog.since)
    return Waiting(count=backlog.count, unit=backlog.unit, since=since)


def _text(time: dt.datetime) -> str:
    return time.isoformat(timespec="milliseconds")
