"""``lakehouse report NAME``: how a pipeline stands and what happened, as one page of HTML, without Spark."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.cli.report_file import write_report

__all__ = ["command", "page_options", "shown"]


_Command = TypeVar("_Command", bound=Callable[..., Any])


def page_options(default: str) -> Callable[[_Command], _Command]:
    """Give a command ``--output``, a file that is ``default`` where none is given, and ``--open``."""

    def decorate(callback: _Command) -> _Command:
        output = click.option(
            "--output",
            "path",
            type=click.Path(dir_okay=False, path_type=Path),
            default=default,
            show_default=True,
            help="The file to write.",
        )
        opened = click.option("--open", "is_opened", is_flag=True, help="Open the page in a browser.")
        return output(opened(callback))

    return decorate


def shown(request: PipelineRequest, path: Path, *, is_opened: bool) -> int:
    """Say where the page is, and open it where that is asked for."""
    if request.output.as_json:
        request.output.document({"pipeline": request.name, "file": str(path.absolute())})
    else:
        request.output.line(f"written: {path}")
    if is_opened:
        webbrowser.open(path.absolute().as_uri())
    return ExitCode.FINE


@page_options("report.html")
@click.option(
    "--last", default=30, show_default=True, type=click.IntRange(min=1), help="Show this many runs."
)
@click.option(
    "--samples",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Show so many rows of each quarantine; these may hold personal data.",
)
@pipeline_options
def _report(request: PipelineRequest, *, path: Path, is_opened: bool, last: int, samples: int) -> int:
    """Write how pipeline NAME stands, and what its last runs did, as one page that needs nothing else."""
    write_report(request, path, select=request.select, runs=last, samples=samples)
    return shown(request, path, is_opened=is_opened)


command = click.command("report")(_report)
