"""``lakehouse batches …``: what a table has taken, piece by piece, and a way out for a piece that can't be finished."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option, json_text
from lakehouse.pipelines import Warehouse, batch_states, drop_pending_batch
from lakehouse.settings import load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("batches")
def command() -> None:
    """Show a table's batches, or drop the one that waits to be finished. Without Spark."""


def _warehouse(context: click.Context, parameter: click.Parameter, given: str | None) -> Warehouse:
    settings = load_settings(context.params["env"])
    register_settings(settings.storage)
    return Warehouse.at(given or settings.warehouse)


def _where(decorated: _Command) -> _Command:
    env = click.option(
        "--env", default="local", show_default=True, is_eager=True, help="Read conf/environments/ENV.yaml."
    )
    warehouse = click.option(
        "--warehouse",
        metavar="FOLDER",
        callback=_warehouse,
        help="Where the tables are; by default the environment's.",
    )
    return click.argument("table")(env(warehouse(decorated)))


@command.command("show")
@_where
@json_option(by_line=True)
def show(table: str, env: str, warehouse: Warehouse, output: Output) -> int:
    """Show the batches of TABLE, oldest first: which ones it has, and which one waits."""
    states = batch_states(warehouse, table)
    if output.as_json:
        for each in states:
            output.record(each)
    else:
        rows = [(str(each.number), each.state, each.decided_at, json_text(each.inputs)) for each in states]
        output.table(("batch", "state", "decided", "inputs"), rows, numbers=("batch",))
    return ExitCode.FINE


@command.command("drop")
@_where
def drop(table: str, env: str, warehouse: Warehouse) -> int:
    """Drop the batch of TABLE that waits to be finished; its inputs come again with the next run."""
    number = drop_pending_batch(warehouse, table)
    Output().line(f"dropped batch {number} of {table}; what it would have read comes again")
    return ExitCode.FINE
