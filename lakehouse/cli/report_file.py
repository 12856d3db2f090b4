"""A report as a file: what the verbs ``report``, ``docs`` and ``run --report`` write."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lakehouse.cli.errors import UnwritableFileError
from lakehouse.cli.pipeline_options import PipelineRequest
from lakehouse.pipelines import (
    EventLog,
    PipelineLineage,
    kept_lineage,
    last_runs,
    report_of,
    report_page,
)

__all__ = ["write_docs", "write_report", "write_text"]

_RUNS = 30


def write_report(request: PipelineRequest, path: Path, *, runs: int = _RUNS, samples: int = 0) -> None:
    """Write how the pipeline stands, with its last runs. Starts no session; reads rows for samples alone."""
    definition = request.definition().with_variables(request.variables)
    warehouse = request.warehouse()
    report = report_of(
        definition,
        warehouse=warehouse,
        runs=last_runs(EventLog(warehouse), pipeline=definition.name, limit=runs),
        lineage=kept_lineage(warehouse, definition),
        samples=samples,
    )
    write_text(path, report_page(report))


def write_docs(request: PipelineRequest, path: Path, lineage: PipelineLineage | None) -> None:
    """Write what is declared."""
    definition = request.definition().with_variables(request.variables)
    report = report_of(definition, warehouse=request.warehouse(), runs=None, lineage=lineage)
    write_text(path, report_page(report))


def write_text(path: Path, text: str) -> None:
    """Write a file whole: who opens it meanwhile sees the old one. Raises UnwritableFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except OSError as error:
        raise UnwritableFileError(path=path, error=error) from error
