"""``lakehouse run NAME``: refresh the tables of a pipeline."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import (
    PipelineRequest,
    full_refresh_options,
    length_of_time,
    pipeline_options,
)
from lakehouse.cli.run_report import JsonReport, LiveReport, PlainReport, Report
from lakehouse.cli.termination import sigterm_stops
from lakehouse.pipelines import run_pipeline
from lakehouse.settings import CatalogSettings

__all__ = ["command"]


@full_refresh_options
@click.option(
    "--retries",
    default=2,
    show_default=True,
    type=click.IntRange(min=0),
    help="Try a table again so often after a fault that passes by itself.",
)
@click.option(
    "--timeout",
    metavar="LENGTH",
    callback=length_of_time,
    help="Stop a table that takes longer, such as '30 min'; a table's own timeout wins.",
)
@click.option(
    "--catalog",
    "in_session",
    is_flag=True,
    help="Give the tables names in Spark's catalog: the environment's, or else the session's own.",
)
@pipeline_options
def _run(
    request: PipelineRequest,
    *,
    full_refresh: Sequence[str],
    accept_loss: bool,
    retries: int,
    timeout: dt.timedelta | None,
    in_session: bool,
) -> int:
    """Refresh the tables of pipeline NAME with everything that is new.

    One run of a pipeline works in a warehouse at a time. Ctrl-C and SIGTERM end it with its record closed.
    """
    with sigterm_stops(), _report(request) as report:
        result = run_pipeline(
            request.definition(),
            spark=request.open_session,
            warehouse=request.warehouse(),
            variables=request.variables,
            select=request.select,
            full_refresh=full_refresh,
            accept_loss=accept_loss,
            retries=retries,
            timeout=timeout,
            catalog=request.settings.catalog or (CatalogSettings(kind="session") if in_session else None),
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
