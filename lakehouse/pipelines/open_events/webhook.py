"""A message when a pipeline begins to fail, sets too much aside, or is well again; in the form that Slack takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.pipelines.open_events.staleness import Staleness
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.history import RunRecord, last_runs
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import RunResult

__all__ = ["Webhook", "message_about"]

_LONGEST = 300
_SHOWN = 5
_RUNS = 30
"""So far back a table is looked for that later runs left out."""
_THE_RUN = "the run"


class Webhook(RunListener):
    """Posts ``{"text": …}``, which Slack, Mattermost and Teams' workflows take."""

    def __init__(
        self,
        subject: RunSubject,
        outbox: Outbox,
        *,
        quarantined_share: float = 1.0,
        staleness: Staleness | None = None,
    ) -> None:
        self._subject = subject
        self._outbox = outbox
        self._share = quarantined_share
        self._staleness = staleness

    def run_finished(self, result: RunResult) -> None:
        self._tell()

    def run_failed(self, error: BaseException) -> None:
        self._tell()

    def _tell(self) -> None:
        log = EventLog(self._subject.warehouse)
        runs = last_runs(log, pipeline=self._subject.pipeline, limit=_RUNS)
        stale: Mapping[str, str] = {}
        were_stale: frozenset[str] = frozenset()
        if self._staleness is not None:
            stale, were_stale = self._staleness.now(dt.datetime.now(dt.UTC)), self._staleness.said()
        if not runs:
            return
        text = message_about(runs, quarantined_share=self._share, stale=stale, were_stale=were_stale)
        if self._staleness is not None and stale.keys() != were_stale:
            self._staleness.say(stale)
        if text is not None:
            self._outbox.send({"text": text})
            self._outbox.close()


def message_about(
    runs: Sequence[RunRecord],
    *,
    quarantined_share: float,
    stale: Mapping[str, str] | None = None,
    were_stale: Collection[str] = (),
) -> str | None:
    """Return what is to be said after the first of ``runs``, the newest first; None where that was said before.

    The same tables failing again are no news. ``quarantined_share``: of a table's rows, above which it is said.
    ``stale`` has tables that got nothing new for too long, ``were_stale`` those of which that was said before.
    """
    now = {**(stale or {}), **_standing(runs, quarantined_share)}
    before = {**dict.fromkeys(were_stale, ""), **_standing(runs[1:], quarantined_share)}
    pipeline = runs[0].pipeline
    if now.keys() == before.keys():
        return None
    if not now:
        return f"✓ {pipeline} is well again: {', '.join(sorted(before))}"
    listed = [f"{name}: {text}" for name, text in sorted(now.items())[:_SHOWN]]
    if len(now) > _SHOWN:
        listed.append(f"and {len(now) - _SHOWN} more")
    well = sorted(before.keys() - now.keys())
    again = [f"well again: {', '.join(well)}"] if well else []
    return "\n".join([f"✕ {pipeline} needs a look", *listed, *again])


def _standing(runs: Sequence[RunRecord], share: float) -> Mapping[str, str]:
    """Return what is wrong after the first of ``runs``, by table; one that a run left out stands as it stood."""
    found: dict[str, str] = {}
    for record in reversed(runs):
        tried = {each.table for each in record.events if each.kind == "table" and each.status != "skipped"}
        left = {name: text for name, text in found.items() if name not in {*tried, _THE_RUN}}
        found = {**left, **_troubles(record, share)}
    return found


def _troubles(record: RunRecord, share: float) -> Mapping[str, str]:
    """Return what is wrong after a run, by table; what stopped the run itself is under ``the run``."""
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
