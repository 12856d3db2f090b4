"""``lakehouse run NAME``: refresh the tables of a pipeline."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.known_lineage import known_lineage
from lakehouse.cli.pipeline_options import (
    PipelineRequest,
    full_refresh_options,
    length_of_time,
    mode_option,
    pipeline_options,
)
from lakehouse.cli.report_file import write_report
from lakehouse.cli.run_report import JsonReport, LiveReport, PlainReport, Report
from lakehouse.cli.run_stream import StreamChoices, run_stream
from lakehouse.cli.termination import sigterm_stops
from lakehouse.errors import DefinitionError, LakehouseError
from lakehouse.pipelines import PipelineDefinition, StreamMode, repeat, run_pipeline
from lakehouse.settings import CatalogSettings

__all__ = ["command"]


@full_refresh_options
@mode_option("Run once; or as a stream, until all is taken that there is, or until somebody stops it.")
@click.option(
    "--trigger",
    metavar="LENGTH",
    callback=length_of_time,
    help="How often a continuous stream looks for what came: '10 seconds' by default.",
)
@click.option(
    "--reset",
    multiple=True,
    metavar="TABLE",
    help="Forget the table's checkpoint before a stream; it takes nothing twice.",
)
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
@click.option("--strict", is_flag=True, help="Exit with 1 where a file is set aside; its table is written.")
@click.option(
    "--every",
    metavar="LENGTH",
    callback=length_of_time,
    help="Run again each time that so much time has passed, such as '15 min', until somebody stops it.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what happened as one page of HTML to this file, also where tables fail.",
)
@click.option("--run-id", metavar="TEXT", help="Name the run so in its events; by default by a random name.")
@pipeline_options
def _run(request: PipelineRequest, **given: Any) -> int:
    """Refresh the tables of pipeline NAME with everything that is new.

    One run of a pipeline works in a warehouse at a time. Ctrl-C and SIGTERM end it with its record closed; a stream
    finishes what it is at first.
    """
    mode, trigger, reset = given.pop("mode"), given.pop("trigger"), given.pop("reset")
    choices = _Choices(**given)
    if mode != "batch":
        code = run_stream(request, choices.as_stream(mode=mode, trigger=trigger, reset=reset))
        if choices.report_file is not None:
            write_report(request, choices.report_file)
        return code
    if trigger is not None or reset:
        raise click.UsageError("--trigger and --reset are for a stream. Fix: choose its --mode.")
    with sigterm_stops():
        try:
            if choices.every is None:
                return _once(request, request.definition(), choices)
            _again_and_again(request, choices, every=choices.every)
        except KeyboardInterrupt:
            click.echo("tables that were in work are as they were; the next run finishes them", err=True)
            raise
    return ExitCode.FINE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choices:
    """What a person chose beside the pipeline and its tables."""

    full_refresh: Sequence[str]
    accept_loss: bool
    retries: int
    timeout: dt.timedelta | None
    in_session: bool
    strict: bool
    every: dt.timedelta | None
    report_file: Path | None = None
    run_id: str | None = None

    def __post_init__(self) -> None:
        if self.every is not None and self.run_id is not None:
            raise click.UsageError(
                "--run-id names one run, and --every makes many. Fix: leave one of them out."
            )

    def as_stream(
        self, *, mode: StreamMode, trigger: dt.timedelta | None, reset: Sequence[str]
    ) -> StreamChoices:
        """Return what counts for a stream. Raises UsageError for what is about single runs."""
        if self.full_refresh or self.accept_loss or self.every is not None or self.run_id is not None:
            raise click.UsageError(
                "--full-refresh, --accept-loss, --every and --run-id are for runs. Fix: rebuild tables by a run "
                "in batch, beside the stream or before it."
            )
        if self.strict:
            raise click.UsageError(
                "--strict is for runs: a stream goes on beside what it sets aside. Fix: look at it by "
                "'lakehouse quarantine show', or by a run in batch."
            )
        return StreamChoices(
            mode=mode,
            trigger=trigger or dt.timedelta(seconds=10),
            reset=reset,
            retries=self.retries,
            timeout=self.timeout,
            in_session=self.in_session,
        )


def _once(request: PipelineRequest, definition: PipelineDefinition, choices: _Choices) -> ExitCode:
    in_session = CatalogSettings(kind="session") if choices.in_session else None
    with _report(request) as report:
        result = run_pipeline(
            definition,
            spark=request.open_session,
            warehouse=request.warehouse(),
            variables=request.variables,
            select=request.select,
            full_refresh=choices.full_refresh,
            accept_loss=choices.accept_loss,
            retries=choices.retries,
            timeout=choices.timeout,
            catalog=request.settings.catalog or in_session,
            listener=report,
            run_id=choices.run_id,
        )
    if choices.report_file is not None:
        with contextlib.suppress(LakehouseError):  # the report is worth having without lineage too
            known_lineage(request)
        write_report(request, choices.report_file)
    if any(failure.is_bug for failure in result.failures):
        return ExitCode.BUG
    is_broken = bool(result.failures) or result.breaks_strictness(of_all=choices.strict)
    return ExitCode.FAILED if is_broken else ExitCode.FINE


def _again_and_again(request: PipelineRequest, choices: _Choices, *, every: dt.timedelta) -> None:
    """Run until somebody stops it. An error of one run is printed, and the next comes when it is due."""
    definition = request.definition()
    left = [choices, dataclasses.replace(choices, full_refresh=())]
    """How to run: the first time as it was asked for, and later without building tables again."""
    is_at_work = False

    def work() -> None:
        nonlocal is_at_work
        is_at_work = True
        try:
            _once(request, definition, left[0])
        except DefinitionError:
            raise  # the next run would find it too
        except LakehouseError as error:
            click.echo(f"error: {error}", err=True)
        del left[:-1]
        is_at_work = False

    try:
        repeat(work, every=every)
    except KeyboardInterrupt:
        if is_at_work:
            raise
        click.echo("stopped between two runs", err=True)


def _report(request: PipelineRequest) -> Report:
    if request.output.as_json:
        return JsonReport()
    where = request.warehouse().root
    return LiveReport(where) if sys.stdout.isatty() else PlainReport(where)


command = click.command("run")(_run)
