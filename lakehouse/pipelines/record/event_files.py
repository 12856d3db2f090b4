"""The files of the event log, and what their statistics say of the runs in them, without opening one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from lakehouse.delta_log import ScanPart, Snapshot

__all__ = ["EventFile", "EventFiles"]

_ALWAYS = dt.datetime.max.replace(tzinfo=dt.UTC)
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_ROUNDED = dt.timedelta(milliseconds=1)
"""So far apart the bounds of one moment may be."""
_STREAM = re.compile(r"[0-9a-f]{32}")
"""A stream's name. The runs of its micro-batches begin with it; statistics of texts may be cut behind it."""


class _Bounds(msgspec.Struct, frozen=True):
    run_id: str | None = None
    pipeline: str | None = None
    table: str | None = None
    started_at: dt.datetime | None = None


class _Statistics(msgspec.Struct, frozen=True, rename="camel"):
    min_values: _Bounds = _Bounds()
    max_values: _Bounds = _Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """One data file of the event log: most hold one run."""

    at: int
    """Its position among the snapshot's files."""
    statistics: _Statistics

    @property
    def newest(self) -> dt.datetime:
        """No run in it began later; of a file that tells nothing, the end of time."""
        return self.statistics.max_values.started_at or _ALWAYS

    @property
    def oldest(self) -> dt.datetime:
        """No run in it began earlier."""
        return self.statistics.min_values.started_at or _NEVER

    @property
    def has_many(self) -> bool:
        """Whether it was put together of the files of several runs."""
        return self.newest - self.oldest > _ROUNDED

    @property
    def stream(self) -> str | None:
        """The stream whose micro-batches are in it; None where there is anything else, or nobody knows."""
        least, most = self.statistics.min_values.run_id or "", self.statistics.max_values.run_id or ""
        name = _STREAM.match(least)
        return name[0] if name is not None and most.startswith(name[0]) and most != name[0] else None

    def may_be_of(self, pipeline: str) -> bool:
        """Say whether it may hold runs of a pipeline."""
        return _may_hold(pipeline, self.statistics.min_values.pipeline, self.statistics.max_values.pipeline)

    def may_hold(self, tables: Collection[str]) -> bool:
        """Say whether it may hold events of one of some tables."""
        least, most = self.statistics.min_values.table, self.statistics.max_values.table
        return any(_may_hold(table, least, most) for table in tables)


def _may_hold(value: str, least: str | None, most: str | None) -> bool:
    return least is None or most is None or least <= value <= most


class EventFiles:
    """The data files of one version of the event log."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._files = snapshot.files()

    def newest_first(self) -> list[EventFile]:
        """Return the files, those with the newest runs first."""
        texts = self._files["stats"].to_pylist()
        found = [EventFile(at=at, statistics=_statistics(text)) for at, text in enumerate(texts)]
        return sorted(found, key=lambda file: file.newest, reverse=True)

    def rows(self, files: Sequence[EventFile]) -> pa.Table:
        """Return the rows of some files."""
        snapshot = self._snapshot
        part = ScanPart(
            table=snapshot.table,
            version=snapshot.version,
            metadata=snapshot.metadata,
            files=self._files.take(pa.array([each.at for each in files], pa.int64())),
        )
        return pa.concat_tables(part.tables())


def _statistics(text: str | None) -> _Statistics:
    try:
        return msgspec.json.decode(text or "{}", type=_Statistics)
    except msgspec.DecodeError:
        return _Statistics()
