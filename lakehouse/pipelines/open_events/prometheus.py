"""How a pipeline stands, as a text file that Prometheus' node exporter collects."""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lakehouse.pipelines.open_events.after_run import AfterRun
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.history import RunRecord, last_runs
from lakehouse.storage import LocalStorageService

__all__ = ["PrometheusFile", "metrics_text"]

_RUNS = 30
"""So many runs are read where there is no file to go on from."""
_GOOD = ("ok", "nothing new")
_ROWS, _RULES = "lakehouse_table_rows", "lakehouse_rule_broken_rows"
_HELP = {
    "lakehouse_run_failed": "1 when the last run failed, 0 when it did not.",
    "lakehouse_run_duration_seconds": "How long the last run took.",
    "lakehouse_table_last_success_timestamp_seconds": "When the last run began that left the table up to date.",
    "lakehouse_table_duration_seconds": "How long the table's last refresh took.",
    _ROWS: "Rows of the table's last refresh, by what became of them.",
    _RULES: "Rows of the table's last refresh that break a rule.",
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_LINE = re.compile(r"(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ONE_AT_A_TIME = threading.Lock()
"""Micro-batches of one stream end side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One line; its labels have their values as the file spells them."""

    name: str
    labels: Mapping[str, str]
    value: str

    @classmethod
    def of(cls, name: str, labels: Mapping[str, str], value: float) -> Self:
        spelled = {key: text.translate(_ESCAPES) for key, text in labels.items()}
        return cls(name=name, labels=spelled, value=f"{value:.17g}")

    @property
    def subject(self) -> tuple[str, str | None]:
        """What a newer sample takes the place of: all values of a kind that a table, or the run, has."""
        return self.name, self.labels.get("table")

    def __str__(self) -> str:
        shown = ",".join(f'{key}="{text}"' for key, text in self.labels.items())
        return f"{self.name}{{{shown}}} {self.value}\n"


class PrometheusFile(AfterRun):
    """Replaces the file as a whole at the end of each run."""

    def __init__(self, subject: RunSubject, file: Path) -> None:
        super().__init__(subject)
        self._file = file

    def run_is_over(self, record: RunRecord) -> None:
        with _ONE_AT_A_TIME:
            before = self._before()
            text = metrics_text([record], before=before, declared=self._subject.graph.order)
            LocalStorageService(self._file.parent).write(self._file.name, text.encode())
            os.chmod(self._file, 0o644)  # the exporter is another user

    def _before(self) -> str:
        """Return the pipeline's file as it is; where it is missing or another one's, what the event log says."""
        try:
            text = self._file.read_text("utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            text = ""
        pipeline = self._subject.pipeline
        if any(each.labels.get("pipeline") == pipeline.translate(_ESCAPES) for each in _read(text)):
            return text
        return metrics_text(last_runs(EventLog(self._subject.warehouse), pipeline=pipeline, limit=_RUNS))


def metrics_text(
    runs: Sequence[RunRecord], *, before: str = "", declared: Sequence[str] | None = None
) -> str:
    """Return the metrics of a pipeline's last runs, the newest first; a table has those of its last refresh.

    ``before``: the metrics of older runs; what these say of declared tables holds until it is said again, however
    many runs leave them out. Names of runs are in none of them, so that there are as many series after a year as
    after a day.
    """
    new = list(_samples(runs))
    said = {each.subject for each in new}
    # A table that was refreshed may have lost its rules.
    said |= {(_RULES, table) for name, table in said if name == _ROWS}
    there = None if declared is None else {name.translate(_ESCAPES) for name in declared}
    old = [
        each
        for each in _read(before)
        if each.subject not in said and (there is None or each.labels.get("table") in there)
    ]
    samples: dict[str, list[str]] = defaultdict(list)
    for sample in (*new, *old):
        samples[sample.name].append(str(sample))
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} gauge\n{''.join(sorted(samples[name]))}"
        for name, text in _HELP.items()
        if name in samples
    )


def _read(text: str) -> Iterator[_Sample]:
    """Yield the samples of a file that was written here."""
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is not None and found["name"] in _HELP:
            yield _Sample(
                name=found["name"], labels=dict(_LABEL.findall(found["labels"])), value=found["value"]
            )


def _samples(runs: Sequence[RunRecord]) -> Iterator[_Sample]:
    if not runs:
        return
    last = runs[0].run
    of_run = {"pipeline": last.pipeline}
    yield _Sample.of("lakehouse_run_failed", of_run, float(last.status == "failed"))
    yield _Sample.of("lakehouse_run_duration_seconds", of_run, last.duration_seconds or 0.0)
    refreshed: set[str] = set()
    succeeded: set[str] = set()
    for record in runs:
        tables: dict[str, list[Event]] = defaultdict(list)
        for event in record.events:
            if event.table is not None:
                tables[event.table].append(event)
        for table, events in tables.items():
            labels = {**of_run, "table": table}
            statuses = [event.status for event in events if event.kind == "table"]
            if table not in succeeded and statuses and statuses[-1] in _GOOD:
                succeeded.add(table)
                began = record.started_at.timestamp()
                yield _Sample.of("lakehouse_table_last_success_timestamp_seconds", labels, began)
            if table not in refreshed and "ok" in statuses:
                refreshed.add(table)
                yield from _of_refresh(labels, events)


def _of_refresh(labels: Mapping[str, str], events: Sequence[Event]) -> Iterator[_Sample]:
    batches = [event for event in events if event.kind == "table"]
    seconds = sum(each.duration_seconds or 0.0 for each in batches)
    yield _Sample.of("lakehouse_table_duration_seconds", labels, seconds)
    counts = {
        "written": sum(each.rows_out or 0 for each in batches),
        "dropped": sum(each.rows_dropped or 0 for each in batches),
        "quarantined": sum(each.rows_quarantined or 0 for each in batches),
    }
    for outcome, rows in counts.items():
        yield _Sample.of(_ROWS, {**labels, "outcome": outcome}, rows)
    broken: dict[str, int] = defaultdict(int)
    for event in events:
        if event.kind == "rule" and event.name is not None:
            broken[event.name] += event.rows_broken or 0
    for rule, rows in broken.items():
        yield _Sample.of(_RULES, {**labels, "rule": rule}, rows)
