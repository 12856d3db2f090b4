"""What is wrong with a pipeline now: what was told of it last, kept in the warehouse however long ago that was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import quote

import msgspec

from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.history import RunRecord
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import NotFoundError

__all__ = ["Standing", "StandingFile"]

_LONGEST = 300
_THE_RUN = "the run"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, in words, by table; what stopped a run as a whole is under ``the run``."""

    troubles: dict[str, str] = {}
    """How the tables' last refreshes ended, where somebody should look."""
    stale: dict[str, str] = {}
    """Tables that got nothing new for too long."""
    looked_at: str = ""
    """ISO 8601, UTC: when stale tables were looked for last."""

    @property
    def told(self) -> Mapping[str, str]:
        """All that is wrong; why a refresh failed says more of a table than that it is stale."""
        return {**self.stale, **self.troubles}

    def of(self, declared: Collection[str]) -> Standing:
        """Return the standing without tables that are not declared any more."""
        return msgspec.structs.replace(
            self,
            troubles={name: text for name, text in self.troubles.items() if name in {*declared, _THE_RUN}},
            stale={name: text for name, text in self.stale.items() if name in declared},
        )

    def after(self, record: RunRecord, *, quarantined_share: float) -> Standing:
        """Return how it stands after one more run; a table that the run left out or skipped stands as it stood."""
        tables = [each for each in record.events if each.kind == "table" and each.table is not None]
        tried = {each.table for each in tables if each.status != "skipped"}
        left = {name: text for name, text in self.troubles.items() if name not in {*tried, _THE_RUN}}
        grown = {each.table for each in tables if each.status == "ok"}
        stale = {name: text for name, text in self.stale.items() if name not in grown}
        return msgspec.structs.replace(
            self, troubles={**left, **_troubles(record, quarantined_share)}, stale=stale
        )


def _troubles(record: RunRecord, share: float) -> Mapping[str, str]:
    found: dict[str, str] = {}
    if record.run.error_message is not None:
        found[_THE_RUN] = (record.run.root_cause or record.run.error_message)[:_LONGEST]
    for event in record.events:
        if event.kind != "table" or event.table is None:
            continue
        if event.status == "failed":
            found[event.table] = (event.root_cause or event.error_message or "failed")[:_LONGEST]
        aside, judged = event.rows_quarantined or 0, event.rows_in or 0
        if judged and aside / judged > share:
            found[event.table] = f"{aside:,} of {judged:,} rows are in quarantine"
    return found


class StandingFile:
    """Keeps a pipeline's standing in its warehouse."""

    def __init__(self, subject: RunSubject) -> None:
        self._storage = subject.warehouse.storage
        self._key = f"{SYSTEM_LAYER}/notified/{quote(subject.pipeline, safe='')}.json"

    def read(self) -> Standing:
        """Return what was written last; nothing is wrong where that is missing or damaged."""
        try:
            return msgspec.json.decode(self._storage.read(self._key), type=Standing)
        except (NotFoundError, msgspec.DecodeError):
            return Standing()

    def write(self, standing: Standing) -> None:
        """Put it in the place of what was there."""
        self._storage.write(self._key, msgspec.json.encode(standing))
