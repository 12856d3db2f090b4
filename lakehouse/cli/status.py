"""``lakehouse status``: which pipelines stream, how their tables stand, and how far behind they are. Without Spark."""

from __future__ import annotations

import datetime as dt

import click
import msgspec

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.stream_live import waiting_words
from lakehouse.pipelines import StreamStatus, TableProgress, Warehouse, stream_statuses
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_HEADINGS = ("table", "micro-batches", "last", "rows in", "written", "dropped", "quarantined", "waits", "")
_NUMBERS = ("micro-batches", "rows in", "written", "dropped", "quarantined")


@click.command("status")
@click.argument("pipeline", required=False)
@click.option("--warehouse", metavar="FOLDER", help="The warehouse to look in; by default the environment's.")
@click.option(
    "--env", default=default_environment, show_default="local", help="Read conf/environments/ENV.yaml."
)
@json_option()
def command(pipeline: str | None, warehouse: str | None, env: str, output: Output) -> int:
    """Show the streams, of PIPELINE or of all: since when, what their tables took at last, and what waits.

    The exit code is 1 where a stream's process died, a table failed when it was last tried, or one that is strict set
    an input aside.
    """
    settings = load_settings(env)
    register_settings(settings.storage)
    home = Warehouse.at(warehouse or settings.warehouse)
    found = [each for each in stream_statuses(home) if pipeline in (None, each.progress.pipeline)]
    if output.as_json:
        output.document([_json(each) for each in found])
    else:
        for status in found:
            _print(status, output)
        if not found:
            output.line(f"no streams in {home.root} yet")
    return ExitCode.FAILED if any(map(_is_bad, found)) else ExitCode.FINE


def _is_bad(status: StreamStatus) -> bool:
    tables = status.progress.tables.values()
    return status.state == "died" or any(table.error or table.breaks_strictness for table in tables)


def _json(status: StreamStatus) -> dict[str, object]:
    holder = status.holder
    process = {} if holder is None else {"pid": holder.pid, "host": holder.host}
    return {"state": status.state, **process, **msgspec.to_builtins(status.progress)}


def _print(status: StreamStatus, output: Output) -> None:
    progress, holder = status.progress, status.holder
    looks = f", each {progress.trigger_seconds:g} s" if progress.mode == "continuous" else ""
    head = f"{progress.pipeline}  {progress.mode}{looks}  {status.state}"
    since = f"since {_time(progress.started_at)} UTC"
    who = f"process {holder.pid} on {holder.host}" if holder is not None else ""
    if status.state == "running":
        output.line(f"{head}, {who}, {since}; last heard of {_time(progress.updated_at)}")
    elif status.state == "ended":
        output.line(f"{head} {_time(progress.ended_at)} UTC, by {progress.ended_by}")
    else:
        said = f"{who} ended without a word" if who else "its process ended without a word"
        output.line(f"{head}: {said}; last heard of {_time(progress.updated_at)} UTC")
    rows = [_row(name, table) for name, table in progress.tables.items()]
    output.table(_HEADINGS, rows, numbers=_NUMBERS)
    output.line()


def _row(name: str, table: TableProgress) -> tuple[str, ...]:
    numbers = (table.rows_in, table.rows_out, table.rows_dropped, table.rows_quarantined)
    told = []
    if table.inputs_set_aside:
        told.append(f"{table.inputs_set_aside:,} inputs set aside{', and it is strict' * table.is_strict}")
    if table.error:
        told.append(f"failed since {_time(table.failed_since)}: {table.error}")
    return (
        name,
        f"{table.micro_batches:,}",
        _time(table.last_at),
        *(f"{number:,}" for number in numbers),
        waiting_words(table.waiting, now=dt.datetime.now(dt.UTC)),
        "; ".join(told),
    )


def _time(text: str) -> str:
    return text[:19].replace("T", " ")
