"""``lakehouse history``: what happened in the last runs of a warehouse, read without Spark."""

from __future__ import annotations

import json

import click

from lakehouse.cache import NodeStatistics
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.refresh_words import refreshed_by
from lakehouse.pipelines import Event, EventLog, RunRecord, Warehouse, last_runs
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_NUMBERS = ("version", "rows in", "written", "dropped", "quarantined", "broken", "seconds")


@click.command("history")
@click.argument("pipeline", required=False)
@click.option("--warehouse", metavar="FOLDER", help="The warehouse to look in; by default the environment's.")
@click.option(
    "--env", default=default_environment, show_default="local", help="Read conf/environments/ENV.yaml."
)
@click.option(
    "--last", default=5, show_default=True, help="Show this many runs; of a stream so many micro-batches."
)
@json_option()
def command(pipeline: str | None, warehouse: str | None, env: str, last: int, output: Output) -> int:
    """Show the last runs, of PIPELINE or of all: rows, rules, versions and errors."""
    settings = load_settings(env)
    register_settings(settings.storage)
    home = Warehouse.at(warehouse or settings.warehouse)
    runs = last_runs(EventLog(home), pipeline=pipeline, limit=last)
    if output.as_json:
        output.document([event for record in runs for event in (record.run, *record.events)])
        return ExitCode.FINE
    if not runs:
        output.line(f"no runs in {home.root} yet")
    for record in runs:
        _print(record, output)
    return ExitCode.FINE


def _print(record: RunRecord, output: Output) -> None:
    place = record.micro_batch
    of_stream = "" if place is None else f", micro-batch {place.number:,} of a stream"
    began = f"{record.started_at:%Y-%m-%d %H:%M:%S} UTC"
    output.line(f"{record.pipeline}  {began}  {record.run.status}{of_stream}")
    if record.run.error_message is not None:
        output.line(record.run.error_message)
    output.table(("table", "what", *_NUMBERS, "status"), map(_row, record.events), numbers=_NUMBERS)
    output.line()


def _row(event: Event) -> tuple[str, ...]:
    seconds = event.duration_seconds
    return (
        event.table or "",
        event.name or ("cache" if event.kind == "cache" else ""),
        _shown(event.version),
        _shown(event.rows_in),
        _shown(event.rows_out),
        _shown(event.rows_dropped),
        _shown(event.rows_quarantined),
        _shown(event.rows_broken),
        "" if seconds is None else f"{seconds:.1f}",
        _in_words(event),
    )


def _in_words(event: Event) -> str:
    if event.kind == "cache":
        return _cache_use(NodeStatistics.from_dict(json.loads(event.details or "{}")))
    if event.kind == "table" and (how := json.loads(event.inputs or "{}").get("refresh")) is not None:
        return f"{event.status}, {refreshed_by(how, json.loads(event.details or '{}'))}"
    return event.root_cause or event.error_message or event.status or ""


def _cache_use(use: NodeStatistics) -> str:
    """Say what was saved, and what it cost: the seconds beside it are those of the fetches."""
    hits = use.memory_hits + use.file_hits + use.file_waits
    saved = f"{hits:,} hits, {use.fetches:,} fetches of {use.fetched_bytes:,} bytes"
    return f"{saved}, {use.evictions:,} evictions" if use.evictions else saved


def _shown(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
