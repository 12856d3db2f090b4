"""Facets of OpenLineage: what an event says beside which run, job and datasets it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakehouse.pipelines.check.lineage import Edge, TableLineage
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.version import __version__

__all__ = [
    "PRODUCER",
    "assertions",
    "column_lineage",
    "dataset_version",
    "error_message",
    "output_statistics",
    "parent_run",
    "parent_run_of",
    "schema",
]

PRODUCER = f"urn:lakehouse:{__version__}"
_FACETS = "https://openlineage.io/spec/facets"


def parent_run(*, namespace: str, job: str, run_id: str) -> dict[str, Any]:
    """Return the run that started this one."""
    return _facet("1-2-0/ParentRunFacet", run={"runId": run_id}, job={"namespace": namespace, "name": job})


def parent_run_of(given: str) -> dict[str, Any] | None:
    """Read ``namespace/job/run``; None for anything else."""
    parts = given.rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        return None
    namespace, job, run = parts
    return parent_run(namespace=namespace, job=job, run_id=run)


def error_message(text: str) -> dict[str, Any]:
    """Return why a run failed."""
    return _facet("1-0-1/ErrorMessageRunFacet", message=text, programmingLanguage="python")


def dataset_version(version: int) -> dict[str, Any]:
    """Return the version of a Delta table."""
    return _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=str(version))


def output_statistics(*, rows: int) -> dict[str, Any]:
    """Return how much was written."""
    return _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=rows)


def assertions(table: TableDefinition, broken: Mapping[str, int]) -> dict[str, Any]:
    """Return how the rows that were read stood to the table's rules. ``broken``: by rule, the rows that break it."""
    mode = table.flow.write_mode
    own = mode.rules(table.location) if mode is not None else ()
    only_noted = {rule.name for rule in (*table.flow.rules, *own) if rule.action == "warn"}
    return _facet(
        "1-1-0/DataQualityAssertionsDatasetFacet",
        assertions=[
            {
                "assertion": rule,
                "name": rule,
                "success": rows == 0,
                "severity": "warn" if rule in only_noted else "error",
                "expected": "0",
                "actual": str(rows),
            }
            for rule, rows in broken.items()
        ],
    )


def schema(table: TableLineage) -> dict[str, Any]:
    """Return the columns of a table with their types."""
    columns = [{"name": name, "type": table.types[name]} for name in table.columns]
    return _facet("1-2-0/SchemaDatasetFacet", fields=columns)


def column_lineage(table: TableLineage, named: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Return where the columns of a table come from; ``named`` gives the dataset of what lineage names."""
    return _facet(
        "1-2-0/ColumnLineageDatasetFacet",
        fields={name: {"inputFields": _inputs(edges, named)} for name, edges in table.columns.items()},
        dataset=_inputs(table.rows, named),
    )


def _inputs(edges: Sequence[Edge], named: Callable[[str], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns of edges, each once with all ways in which it touches."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for edge in edges:
        kind, subtype = edge.how.value
        ways = found.setdefault((edge.source.table, edge.source.column), [])
        ways.append({"type": kind, "subtype": subtype})
    return [
        {**named(table), "field": column, "transformations": ways} for (table, column), ways in found.items()
    ]


def _facet(schema_: str, **fields: Any) -> dict[str, Any]:
    name = schema_.rpartition("/")[2]
    return {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{schema_}.json#/$defs/{name}", **fields}
