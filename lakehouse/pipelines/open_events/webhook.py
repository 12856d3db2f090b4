"""A message when a pipeline begins to fail, sets too much aside, or is well again; in the form that Slack takes."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Mapping

import msgspec

from lakehouse.pipelines.open_events.after_run import AfterRun
from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.pipelines.open_events.staleness import Staleness
from lakehouse.pipelines.open_events.standing import Standing, StandingFile
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.history import RunRecord

__all__ = ["Webhook", "message_about"]

_SHOWN = 5
_ONE_AT_A_TIME = threading.Lock()
"""Micro-batches of one stream end side by side; runs of a pipeline in other processes take turns anyway."""


class Webhook(AfterRun):
    """Posts ``{"text": …}``, which Slack, Mattermost and Teams' workflows take."""

    def __init__(
        self,
        subject: RunSubject,
        outbox: Outbox,
        *,
        quarantined_share: float = 1.0,
        staleness: Staleness | None = None,
    ) -> None:
        super().__init__(subject)
        self._outbox = outbox
        self._share = quarantined_share
        self._staleness = staleness
        self._file = StandingFile(subject)

    def run_is_over(self, record: RunRecord) -> None:
        with _ONE_AT_A_TIME:
            kept = self._file.read()
            before = kept.of(self._subject.graph.tables.keys())
            now = self._looked(before.after(record, quarantined_share=self._share))
            if now != kept:
                self._file.write(now)
        text = message_about(self._subject.pipeline, before=before.told, now=now.told)
        if text is not None:
            self._outbox.send({"text": text})

    def _looked(self, now: Standing) -> Standing:
        """Return the standing with the tables that are stale, where it is time to look for them."""
        moment = dt.datetime.now(dt.UTC)
        if self._staleness is None:
            return msgspec.structs.replace(now, stale={}, looked_at="")
        if not self._staleness.is_due(moment, looked_at=now.looked_at):
            return now
        return msgspec.structs.replace(
            now, stale=dict(self._staleness.now(moment)), looked_at=moment.isoformat(timespec="seconds")
        )


def message_about(pipeline: str, *, before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return what is to be said of what is wrong now, by table; None where that was said before.

    The same tables failing again are no news, whatever the reason.
    """
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
