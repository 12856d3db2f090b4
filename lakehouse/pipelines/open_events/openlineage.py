"""Runs and tables as events of OpenLineage: one START and one of COMPLETE, FAIL and ABORT for each.

The words, and which facet stands where, are those of the standard's schemas: core 2-0-2, columnLineage 1-2-0.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse.pipelines.open_events import openlineage_facets as facets
from lakehouse.pipelines.open_events.openlineage_datasets import Datasets
from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.tables import root_cause

__all__ = ["OpenLineage"]

_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


class OpenLineage(RunListener):
    """Sends the events of one run; each table's are those of a run whose parent is the pipeline's."""

    def __init__(
        self, subject: RunSubject, outbox: Outbox, *, namespace: str = "default", parent: str = ""
    ) -> None:
        self._subject = subject
        self._outbox = outbox
        self._namespace = namespace
        self._datasets = Datasets(subject, namespace)
        self._parent = facets.parent_run_of(parent)
        self._started: set[str] = set()
        self._lock = threading.Lock()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._say("START", None)

    def step_done(self, table: str, step: str) -> None:
        self._start(table)

    def table_finished(self, outcome: Outcome) -> None:
        self._start(outcome.table)
        match outcome:
            case Refreshed():
                self._say(
                    "COMPLETE",
                    outcome.table,
                    inputs=self._read_by(outcome),
                    outputs=[self._written_by(outcome)],
                )
            case NothingNew():
                self._say("COMPLETE", outcome.table)
            case Failed():
                self._say("FAIL", outcome.table, error=outcome.error)
            case Skipped():
                self._say("ABORT", outcome.table)

    def run_finished(self, result: RunResult) -> None:
        failed = result.failures[0].error if result.failures else result.error
        self._say("COMPLETE" if failed is None else "FAIL", None, error=failed)

    def run_failed(self, error: BaseException) -> None:
        with self._lock:
            unfinished = sorted(self._started)
        for table in unfinished:
            self._say("ABORT", table)
        self._say("ABORT" if isinstance(error, KeyboardInterrupt) else "FAIL", None, error=error)

    def _start(self, table: str) -> None:
        with self._lock:
            if table in self._started:
                return
            self._started.add(table)
        self._say("START", table)

    def _say(
        self,
        kind: str,
        table: str | None,
        *,
        inputs: Sequence[Mapping[str, Any]] = (),
        outputs: Sequence[Mapping[str, Any]] = (),
        error: BaseException | None = None,
    ) -> None:
        if table is not None and kind != "START":
            with self._lock:
                self._started.discard(table)
        pipeline = self._subject.pipeline
        of_run: dict[str, Any] = {} if self._parent is None else {"parent": self._parent}
        if table is not None:
            of_run["parent"] = facets.parent_run(
                namespace=self._namespace, job=pipeline, run_id=self._id(None)
            )
            inputs = inputs or self._datasets.inputs(table)
            outputs = outputs or [self._datasets.of(table)]
        if error is not None:
            of_run["errorMessage"] = facets.error_message(root_cause(error))
        self._outbox.send(
            {
                "eventType": kind,
                "eventTime": dt.datetime.now(dt.UTC).isoformat(),
                "producer": facets.PRODUCER,
                "schemaURL": _SCHEMA,
                "run": {"runId": self._id(table), "facets": of_run},
                "job": {
                    "namespace": self._namespace,
                    "name": pipeline if table is None else f"{pipeline}.{table}",
                    "facets": {},
                },
                "inputs": list(inputs),
                "outputs": list(outputs),
            }
        )

    def _id(self, table: str | None) -> str:
        """Return the run's identifier, a UUID, the same for all events of it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"lakehouse:{self._subject.run_id}:{table or ''}"))

    def _read_by(self, outcome: Refreshed) -> list[dict[str, Any]]:
        """Return what the table reads; how its rules found the rows stands with what its source reads."""
        inputs = self._datasets.inputs(outcome.table)
        broken: dict[str, int] = {}
        for refresh in outcome.refreshes:
            for rule, rows in refresh.tally.broken.items():
                broken[rule] = broken.get(rule, 0) + rows
        if inputs and broken:
            facet = facets.assertions(self._subject.graph.tables[outcome.table], broken)
            inputs[0]["inputFacets"] = {"dataQualityAssertions": facet}
        return inputs

    def _written_by(self, outcome: Refreshed) -> dict[str, Any]:
        table, lineage = outcome.table, self._subject.lineage()
        told = {"version": facets.dataset_version(outcome.refreshes[-1].version)}
        if lineage is not None and table in lineage.tables:
            told["schema"] = facets.schema(lineage.tables[table])
            told["columnLineage"] = facets.column_lineage(lineage.tables[table], self._datasets.named)
        rows = sum(refresh.tally.written for refresh in outcome.refreshes)
        return {
            **self._datasets.of(table),
            "facets": told,
            "outputFacets": {"outputStatistics": facets.output_statistics(rows=rows)},
        }
