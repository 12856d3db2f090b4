"""``lakehouse doctor``: what this machine has, and what it lacks, to run pipelines."""

from __future__ import annotations

import dataclasses
import json

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.settings import load_settings
from lakehouse.spark_session import HealthCheck, examine, try_spark

__all__ = ["command"]

_MARKS = {"fine": "[green]ok[/]", "missing": "[red]missing[/]", "optional": "[dim]optional[/]"}


@click.command(short_help="Say what this machine lacks")
@click.option("--env", "environment", default="local", help="The environment to look at.")
@click.option("--warehouse", help="Where the tables go, in place of the environment's folder.")
@click.option("--spark", "with_spark", is_flag=True, help="Start a session, too; brings Delta's jars.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(environment: str, warehouse: str | None, *, with_spark: bool, as_json: bool) -> int:
    """Say what this machine has, and what it lacks; the exit code is 1 if something needed is missing."""
    settings = load_settings(environment)
    if warehouse is not None:
        settings = settings.with_warehouse(warehouse)
    # The session comes first: it brings the jars that the other findings then name.
    session = (try_spark(settings),) if with_spark else ()
    findings = (*examine(settings), *session)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    else:
        _print(findings)
    missing = any(finding.state == "missing" for finding in findings)
    return ExitCode.FAILED if missing else ExitCode.FINE


def _print(findings: tuple[HealthCheck, ...]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(_MARKS[finding.state], finding.name, _in_words(finding))
    # A pipe has no width: lines that programs and logs read are not folded.
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=1000)
    console.print(table)


def _in_words(finding: HealthCheck) -> str:
    if finding.state == "fine":
        return escape(finding.found)
    return escape(f"{finding.found}; expected: {finding.expected}. Fix: {finding.fix}")
