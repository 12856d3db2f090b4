"""Which tables got nothing new for too long, and of which that was said already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from lakehouse.errors import LakehouseError
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import NotFoundError
from lakehouse.tables import TableLog

__all__ = ["Staleness"]


class Staleness:
    """Looks at the logs of a pipeline's tables, and keeps the names that were said in the warehouse."""

    def __init__(self, subject: RunSubject, longest: dt.timedelta) -> None:
        self._subject = subject
        self._longest = longest
        self._key = f"{SYSTEM_LAYER}/notified/{quote(subject.pipeline, safe='')}.json"

    def now(self, moment: dt.datetime) -> Mapping[str, str]:
        """Return the stale tables, with since when each is as it is."""
        found = {}
        for name, table in self._subject.graph.tables.items():
            path = self._subject.warehouse.path_of(table.layer, table.folder)
            try:
                snapshot = TableLog(path).snapshot()
            except (LakehouseError, OSError):
                continue  # what keeps it from being read is an error of runs, which is told beside this
            if snapshot is None or snapshot.timestamp_ms is None:
                continue
            since = dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.UTC)
            if moment - since > self._longest:
                found[name] = f"nothing new since {since:%Y-%m-%d %H:%M} UTC"
        return found

    def said(self) -> frozenset[str]:
        """Return the tables of which ``say`` was told last."""
        try:
            return frozenset(
                msgspec.json.decode(self._subject.warehouse.storage.read(self._key), type=list[str])
            )
        except (NotFoundError, msgspec.DecodeError):
            return frozenset()

    def say(self, tables: Mapping[str, str]) -> None:
        """Keep the names of the tables that are stale now."""
        self._subject.warehouse.storage.write(self._key, msgspec.json.encode(sorted(tables)))
