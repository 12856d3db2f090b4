"""``lakehouse history``: what happened in the last runs of a warehouse, read without Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.table import Table

from lakehouse.cache import NodeStatistics
from lakehouse.cli.console import wide_console
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.pipelines import EventLog, Warehouse
from lakehouse.settings import load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]


@click.command("history")
@click.argument("pipeline", required=False)
@click.option("--warehouse", metavar="FOLDER", help="Whose runs; the environment says by default.")
@click.option("--env", default="local", show_default=True, help="Which conf/environments/ENV.yaml.")
@click.option("--last", default=5, show_default=True, help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object for each event.")
def command(pipeline: str | None, warehouse: str | None, env: str, last: int, as_json: bool) -> int:
    """Show the last runs, of PIPELINE or of all: rows, rules, versions and errors."""
    settings = load_settings(env)
    register_settings(settings.storage)
    home = Warehouse.at(warehouse or settings.warehouse)
    runs = _last_runs(EventLog(home).read().to_pylist(), pipeline, last)
    if as_json:
        click.echo(json.dumps([event for run in runs for event in run], indent=2, default=str))
    elif not runs:
        click.echo(f"no runs in {home.root} yet")
    else:
        console = wide_console()
        for run in runs:
            console.print(_drawn(run))
    return ExitCode.FINE


def _last_runs(
    events: Sequence[Mapping[str, Any]], pipeline: str | None, last: int
) -> list[list[Mapping[str, Any]]]:
    """Return the events of the last runs, the newest run first, each run's own event first in it."""
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if pipeline in (None, event["pipeline"]):
            runs.setdefault(event["run_id"], []).append(event)
    ordered = sorted(runs.values(), key=lambda run: run[0]["started_at"], reverse=True)[:last]
    return [sorted(run, key=lambda event: event["kind"] != "run") for run in ordered]


def _drawn(run: Sequence[Mapping[str, Any]]) -> Table:
    head = run[0]
    title = f"{head['pipeline']}  {head['started_at']:%Y-%m-%d %H:%M:%S} UTC  {head['status']}"
    table = Table(title=title, title_justify="left")
    for heading in ("table", "what", "status", "version"):
        table.add_column(heading)
    for heading in ("rows in", "written", "dropped", "quarantined", "broken", "seconds"):
        table.add_column(heading, justify="right")
    for event in run[1:]:
        seconds = event["duration_seconds"]
        numbers = ("rows_in", "rows_out", "rows_dropped", "rows_quarantined", "rows_broken")
        table.add_row(
            event["table"] or "",
            event["name"] or ("cache" if event["kind"] == "cache" else ""),
            _said(event),
            _shown(event["version"]),
            *(_shown(event[number]) for number in numbers),
            "" if seconds is None else f"{seconds:.1f}",
        )
    return table


def _said(event: Mapping[str, Any]) -> str:
    if event["kind"] == "cache":
        return _cache_use(NodeStatistics.from_dict(json.loads(event["details"])))
    return str(event["root_cause"] or event["error_message"] or event["status"])


def _cache_use(use: NodeStatistics) -> str:
    """Say what was saved, and what it cost: the seconds beside it are those of the fetches."""
    hits = use.memory_hits + use.file_hits + use.file_waits
    said = f"{hits:,} hits, {use.fetches:,} fetches of {use.fetched_bytes:,} bytes"
    return f"{said}, {use.evictions:,} evictions" if use.evictions else said


def _shown(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
