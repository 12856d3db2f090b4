"""``lakehouse run NAME``: refresh the tables of a pipeline."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, full_refresh_options, pipeline_options
from lakehouse.cli.run_report import JsonReport, LiveReport, PlainReport, Report
from lakehouse.pipelines import run_pipeline

__all__ = ["command"]


@full_refresh_options
@pipeline_options
def _run(request: PipelineRequest, *, full_refresh: Sequence[str], accept_loss: bool) -> int:
    """Refresh the tables of pipeline NAME with everything that is new."""
    with _report(request) as report:
        result = run_pipeline(
            request.definition(),
            spark=request.open_session,
            warehouse=request.warehouse(),
            variables=request.variables,
            select=request.select,
            full_refresh=full_refresh,
            accept_loss=accept_loss,
            listener=report,
        )
    if any(failure.is_bug for failure in result.failures):
        return ExitCode.BUG
    return ExitCode.FAILED if result.failures else ExitCode.FINE


def _report(request: PipelineRequest) -> Report:
    if request.output.as_json:
        return JsonReport()
    where = request.warehouse().root
    return LiveReport(where) if sys.stdout.isatty() else PlainReport(where)


command = click.command("run")(_run)
