"""Which tables got nothing new for too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lakehouse.delta_log import Snapshot
from lakehouse.errors import LakehouseError
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.tables import TableLog

__all__ = ["Staleness"]

_LOOKS = 100
"""So many times within the bound the logs are looked at, however often something runs."""


class Staleness:
    """Looks at the logs of a pipeline's tables."""

    def __init__(self, subject: RunSubject, longest: dt.timedelta) -> None:
        self._subject = subject
        self._longest = longest

    def is_due(self, moment: dt.datetime, *, looked_at: str) -> bool:
        """Say whether to look again. ``looked_at``: when somebody did last (ISO 8601); empty for never."""
        return not looked_at or moment - dt.datetime.fromisoformat(looked_at) >= self._longest / _LOOKS

    def now(self, moment: dt.datetime) -> Mapping[str, str]:
        """Return the stale tables, with since when each is as it is."""
        found = {}
        for name, table in self._subject.graph.tables.items():
            path = self._subject.warehouse.path_of(table.layer, table.folder)
            try:
                snapshot = TableLog(path).snapshot()
            except (LakehouseError, OSError):
                continue  # what keeps it from being read is an error of runs, which is told beside this
            since_ms = None if snapshot is None else _last_news_ms(snapshot)
            if since_ms is None:
                continue
            since = dt.datetime.fromtimestamp(since_ms / 1000, dt.UTC)
            if moment - since > self._longest:
                found[name] = f"nothing new since {since:%Y-%m-%d %H:%M} UTC"
        return found


def _last_news_ms(snapshot: Snapshot) -> int | None:
    """Return when the table took its last batch: upkeep and settings are commits too, but bring no rows.

    A table whose rows nobody wrote in batches is as new as its last commit.
    """
    taken = [each.updated_ms for each in snapshot.transactions.values() if each.updated_ms is not None]
    return max(taken, default=snapshot.timestamp_ms)
