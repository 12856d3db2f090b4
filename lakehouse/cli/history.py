"""``lakehouse history``: what happened in the last runs of a warehouse, read without Spark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from lakehouse.cache import NodeStatistics
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.pipelines import EventLog, Warehouse
from lakehouse.settings import load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_NUMBERS = {
    "version": "version",
    "rows in": "rows_in",
    "written": "rows_out",
    "dropped": "rows_dropped",
    "quarantined": "rows_quarantined",
    "broken": "rows_broken",
    "seconds": "duration_seconds",
}
"""Headings of the columns of numbers, and the field of an event that each shows."""


@click.command("history")
@click.argument("pipeline", required=False)
@click.option("--warehouse", metavar="FOLDER", help="The warehouse to look in; by default the environment's.")
@click.option("--env", default="local", show_default=True, help="Read conf/environments/ENV.yaml.")
@click.option("--last", default=5, show_default=True, help="Show this many runs.")
@json_option()
def command(pipeline: str | None, warehouse: str | None, env: str, last: int, output: Output) -> int:
    """Show the last runs, of PIPELINE or of all: rows, rules, versions and errors."""
    settings = load_settings(env)
    register_settings(settings.storage)
    home = Warehouse.at(warehouse or settings.warehouse)
    runs = _last_runs(EventLog(home).read().to_pylist(), pipeline, last)
    if output.as_json:
        output.document([event for run in runs for event in run])
        return ExitCode.FINE
    if not runs:
        output.line(f"no runs in {home.root} yet")
    for run in runs:
        _print(run, output)
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


def _print(run: Sequence[Mapping[str, Any]], output: Output) -> None:
    head = run[0]
    output.line(f"{head['pipeline']}  {head['started_at']:%Y-%m-%d %H:%M:%S} UTC  {head['status']}")
    output.table(("table", "what", *_NUMBERS, "status"), [_row(event) for event in run[1:]], numbers=_NUMBERS)
    output.line()


def _row(event: Mapping[str, Any]) -> tuple[str, ...]:
    seconds = event["duration_seconds"]
    return (
        event["table"] or "",
        event["name"] or ("cache" if event["kind"] == "cache" else ""),
        *(_shown(event[column]) for column in _NUMBERS.values() if column != "duration_seconds"),
        "" if seconds is None else f"{seconds:.1f}",
        _said(event),
    )


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
