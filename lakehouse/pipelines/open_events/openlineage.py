"""Runs and tables as events of OpenLineage: one START and one of COMPLETE, FAIL and ABORT for each.

The words, and which facet stands where, are those of the standard's schemas: core 2-0-2, columnLineage 1-2-0.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse.pipelines.check.lineage import Edge, TableLineage
from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.tables import root_cause
from lakehouse.version import __version__

__all__ = ["OpenLineage"]

_PRODUCER = f"urn:lakehouse:{__version__}"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"


class OpenLineage(RunListener):
    """Sends the events of one run; each table's are those of a run whose parent is the pipeline's."""

    def __init__(
        self, subject: RunSubject, outbox: Outbox, *, namespace: str = "default", parent: str = ""
    ) -> None:
        self._subject = subject
        self._outbox = outbox
        self._namespace = namespace
        self._parent = _parent_facet(parent)
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
                self._say("COMPLETE", outcome.table, outputs=[self._output(outcome)])
            case NothingNew():
                self._say("COMPLETE", outcome.table)
            case Failed():
                self._say("FAIL", outcome.table, error=outcome.error)
            case Skipped():
                self._say("ABORT", outcome.table)

    def run_finished(self, result: RunResult) -> None:
        failed = result.failures[0].error if result.failures else result.error
        self._say("COMPLETE" if failed is None else "FAIL", None, error=failed)
        self._outbox.close()

    def run_failed(self, error: BaseException) -> None:
        with self._lock:
            unfinished = sorted(self._started)
        for table in unfinished:
            self._say("ABORT", table)
        self._say("ABORT" if isinstance(error, KeyboardInterrupt) else "FAIL", None, error=error)
        self._outbox.close()

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
        outputs: Sequence[Mapping[str, Any]] = (),
        error: BaseException | None = None,
    ) -> None:
        if table is not None and kind != "START":
            with self._lock:
                self._started.discard(table)
        pipeline = self._subject.pipeline
        facets: dict[str, Any] = {} if self._parent is None else {"parent": self._parent}
        if table is not None:
            facets["parent"] = _facet(
                "1-1-0/ParentRunFacet.json",
                run={"runId": self._id(None)},
                job={"namespace": self._namespace, "name": pipeline},
            )
        if error is not None:
            facets["errorMessage"] = _facet(
                "1-0-1/ErrorMessageRunFacet.json", message=root_cause(error), programmingLanguage="python"
            )
        self._outbox.send(
            {
                "eventType": kind,
                "eventTime": dt.datetime.now(dt.UTC).isoformat(),
                "producer": _PRODUCER,
                "schemaURL": _SCHEMA,
                "run": {"runId": self._id(table), "facets": facets},
                "job": {
                    "namespace": self._namespace,
                    "name": pipeline if table is None else f"{pipeline}.{table}",
                    "facets": {},
                },
                "inputs": [] if table is None else self._inputs(table),
                "outputs": list(outputs) or ([] if table is None else [self._dataset(table)]),
            }
        )

    def _id(self, table: str | None) -> str:
        """Return the run's identifier, a UUID, the same for all events of it."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"lakehouse:{self._subject.run_id}:{table or ''}"))

    def _dataset(self, table: str) -> dict[str, Any]:
        declared = self._subject.graph.tables[table]
        return _location(self._subject.warehouse.path_of(declared.layer, declared.folder))

    def _inputs(self, table: str) -> list[dict[str, Any]]:
        return [self._dataset(each) for each in sorted(self._subject.graph.inputs[table])]

    def _output(self, outcome: Refreshed) -> dict[str, Any]:
        last = outcome.refreshes[-1]
        facets = {
            "version": _facet("1-0-1/DatasetVersionDatasetFacet.json", datasetVersion=str(last.version))
        }
        lineage = self._subject.lineage()
        if lineage is not None and outcome.table in lineage.tables:
            facets |= self._column_facets(lineage.tables[outcome.table])
        rows = sum(refresh.tally.written for refresh in outcome.refreshes)
        counted = _facet("1-0-2/OutputStatisticsOutputDatasetFacet.json", rowCount=rows)
        return {
            **self._dataset(outcome.table),
            "facets": facets,
            "outputFacets": {"outputStatistics": counted},
        }

    def _column_facets(self, table: TableLineage) -> dict[str, Any]:
        columns = [{"name": name, "type": table.types[name]} for name in table.columns]
        fields = {name: {"inputFields": self._input_fields(edges)} for name, edges in table.columns.items()}
        return {
            "schema": _facet("1-1-1/SchemaDatasetFacet.json", fields=columns),
            "columnLineage": _facet(
                "1-2-0/ColumnLineageDatasetFacet.json",
                fields=fields,
                dataset=self._input_fields(table.rows),
            ),
        }

    def _input_fields(self, edges: Sequence[Edge]) -> list[dict[str, Any]]:
        """Return the columns of edges, each once with all ways in which it touches."""
        found: dict[tuple[str, str], list[dict[str, str]]] = {}
        for edge in edges:
            kind, subtype = edge.how.value
            ways = found.setdefault((edge.source.table, edge.source.column), [])
            ways.append({"type": kind, "subtype": subtype})
        return [
            {**self._named(table), "field": column, "transformations": ways}
            for (table, column), ways in found.items()
        ]

    def _named(self, table: str) -> dict[str, Any]:
        """Return the dataset of an input; one that is no table of the pipeline has the name that it gives itself."""
        if table in self._subject.graph.tables:
            return self._dataset(table)
        return {"namespace": self._namespace, "name": table.strip("'")}


def _facet(schema: str, **fields: Any) -> dict[str, Any]:
    name = schema.rpartition("/")[2].removesuffix(".json")
    return {"_producer": _PRODUCER, "_schemaURL": f"{_FACETS}/{schema}#/$defs/{name}", **fields}


def _location(path: str) -> dict[str, Any]:
    """Return the name of a folder: the store is the namespace, and the path the name (OpenLineage, Naming)."""
    scheme, separator, rest = path.partition("://")
    if not separator:
        return {"namespace": "file", "name": path}
    store, _, name = rest.partition("/")
    return {"namespace": f"{scheme}://{store}", "name": name}


def _parent_facet(given: str) -> dict[str, Any] | None:
    """Read ``namespace/job/run``; None for anything else."""
    parts = given.rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        return None
    namespace, job, run = parts
    return _facet("1-1-0/ParentRunFacet.json", run={"runId": run}, job={"namespace": namespace, "name": job})
