"""A report as a file: what the verbs ``report``, ``docs`` and ``run --report`` write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lakehouse.cli.pipeline_options import PipelineRequest
from lakehouse.cli.written_files import write_text
from lakehouse.pipelines import (
    EventLog,
    PipelineLineage,
    kept_lineage,
    last_runs,
    report_of,
    report_page,
    runs_before,
)

__all__ = ["write_docs", "write_report"]

_RUNS = 30


def write_report(
    request: PipelineRequest,
    path: Path,
    *,
    select: Sequence[str] = (),
    runs: int = _RUNS,
    samples: int = 0,
) -> None:
    """Write how the selected tables stand (all by default), with the pipeline's last runs.

    Starts no session; reads rows for samples alone.
    """
    definition = request.definition().with_variables(request.variables)
    warehouse = request.warehouse()
    log = EventLog(warehouse)
    last = last_runs(log, pipeline=definition.name, limit=runs)
    names = [table.name for table in definition.tables]
    report = report_of(
        definition,
        warehouse=warehouse,
        runs=last,
        earlier=runs_before(log, last, pipeline=definition.name, tables=names),
        lineage=kept_lineage(warehouse, definition),
        select=select,
        samples=samples,
    )
    write_text(path, report_page(report))


def write_docs(request: PipelineRequest, path: Path, lineage: PipelineLineage | None) -> None:
    """Write what the selected tables are declared to be."""
    definition = request.definition().with_variables(request.variables)
    report = report_of(
        definition, warehouse=request.warehouse(), runs=None, lineage=lineage, select=request.select
    )
    write_text(path, report_page(report))
