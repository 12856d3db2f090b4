"""``lakehouse run NAME --mode continuous``: refresh the tables of a pipeline whenever something comes."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from pyspark.sql import SparkSession

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest
from lakehouse.cli.run_report import JsonReport, Report
from lakehouse.cli.stream_live import LiveStreamReport
from lakehouse.cli.stream_report import StreamReport
from lakehouse.cli.termination import signals_ask
from lakehouse.pipelines import StreamMode, StreamStop, stream_pipeline
from lakehouse.settings import CatalogSettings

__all__ = ["StreamChoices", "run_stream"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChoices:
    """What a person chose of a stream beside the pipeline and its tables."""

    mode: StreamMode
    trigger: dt.timedelta
    reset: Sequence[str]
    retries: int
    timeout: dt.timedelta | None
    in_session: bool


def run_stream(request: PipelineRequest, choices: StreamChoices) -> ExitCode:
    """Run until it ends. The code is FINE where no table failed when it was last tried, and none that is strict set an
    input aside, however the stream ended.
    """
    stop = StreamStop()
    report = _report(request)

    def ask(by: str) -> None:
        stop.ask(by)
        click.echo("what is at work is finished first; once more ends it at once", err=True)

    for name in choices.reset:
        click.echo(
            f"{name}: its checkpoint is forgotten. What is there wakes it again; of that the table takes what "
            "it has not taken, and nothing twice.",
            err=True,
        )
    with signals_ask(ask) as take_signals_again, report:

        def open_session(*, expected_bytes: int | None) -> SparkSession:
            try:
                return request.open_own_session()
            finally:
                take_signals_again()

        result = stream_pipeline(
            request.definition(),
            spark=open_session,
            warehouse=request.warehouse(),
            mode=choices.mode,
            trigger=choices.trigger,
            variables=request.variables,
            select=request.select,
            reset=choices.reset,
            retries=choices.retries,
            timeout=choices.timeout,
            catalog=request.settings.catalog
            or (CatalogSettings(kind="session") if choices.in_session else None),
            listener=report,
            stop=stop,
        )
    if any(failure.is_bug for failure in result.failures):
        return ExitCode.BUG
    return ExitCode.FAILED if result.failures or result.breaks_strictness else ExitCode.FINE


def _report(request: PipelineRequest) -> Report:
    if request.output.as_json:
        return JsonReport()
    where = request.warehouse().root
    return LiveStreamReport(where) if sys.stdout.isatty() else StreamReport(where)
