"""How a pipeline stands, as a text file that Prometheus' node exporter collects."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.history import RunRecord, last_runs
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import RunResult
from lakehouse.storage import LocalStorageService

__all__ = ["PrometheusFile", "metrics_text"]

_RUNS = 30
_GOOD = ("ok", "nothing new")
_HELP = {
    "lakehouse_run_failed": "1 when the last run failed, 0 when it did not.",
    "lakehouse_run_duration_seconds": "How long the last run took.",
    "lakehouse_table_last_success_timestamp_seconds": "When the last run began that left the table up to date.",
    "lakehouse_table_duration_seconds": "How long the table's last refresh took.",
    "lakehouse_table_rows": "Rows of the table's last refresh, by what became of them.",
    "lakehouse_rule_broken_rows": "Rows of the table's last refresh that break a rule.",
}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class PrometheusFile(RunListener):
    """Replaces the file as a whole at the end of each run."""

    def __init__(self, subject: RunSubject, file: Path) -> None:
        self._subject = subject
        self._file = file

    def run_finished(self, result: RunResult) -> None:
        self._write()

    def run_failed(self, error: BaseException) -> None:
        self._write()

    def _write(self) -> None:
        log = EventLog(self._subject.warehouse)
        text = metrics_text(last_runs(log, pipeline=self._subject.pipeline, limit=_RUNS))
        LocalStorageService(self._file.parent).write(self._file.name, text.encode())
        os.chmod(self._file, 0o644)  # the exporter is another user


def metrics_text(runs: Sequence[RunRecord]) -> str:
    """Return the metrics of a pipeline's last runs, the newest first; a table has those of its last refresh.

    Names of runs are in none of them, so that there are as many series after a year as after a day.
    """
    samples: dict[str, list[str]] = defaultdict(list)
    for name, labels, value in _samples(runs):
        shown = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
        samples[name].append(f"{name}{{{shown}}} {value:.17g}\n")
    return "".join(
        f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n{''.join(lines)}"
        for name, lines in samples.items()
    )


_Sample = tuple[str, dict[str, str], float]


def _samples(runs: Sequence[RunRecord]) -> Iterator[_Sample]:
    if not runs:
        return
    last = runs[0].run
    of_run = {"pipeline": last.pipeline}
    yield "lakehouse_run_failed", of_run, float(last.status == "failed")
    yield "lakehouse_run_duration_seconds", of_run, last.duration_seconds or 0.0
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
                yield "lakehouse_table_last_success_timestamp_seconds", labels, began
            if table not in refreshed and "ok" in statuses:
                refreshed.add(table)
                yield from _of_refresh(labels, events)


def _of_refresh(labels: dict[str, str], events: Sequence[Event]) -> Iterator[_Sample]:
    batches = [event for event in events if event.kind == "table"]
    yield "lakehouse_table_duration_seconds", labels, sum(each.duration_seconds or 0.0 for each in batches)
    counts = {
        "written": sum(each.rows_out or 0 for each in batches),
        "dropped": sum(each.rows_dropped or 0 for each in batches),
        "quarantined": sum(each.rows_quarantined or 0 for each in batches),
    }
    for outcome, rows in counts.items():
        yield "lakehouse_table_rows", {**labels, "outcome": outcome}, rows
    broken: dict[str, int] = defaultdict(int)
    for event in events:
        if event.kind == "rule" and event.name is not None:
            broken[event.name] += event.rows_broken or 0
    for rule, rows in broken.items():
        yield "lakehouse_rule_broken_rows", {**labels, "rule": rule}, rows
