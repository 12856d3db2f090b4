"""``lakehouse batches …``: what a table has taken, piece by piece, and a way out for a piece that can't be finished."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option, json_text
from lakehouse.cli.warehouse_options import warehouse_options
from lakehouse.pipelines import Warehouse, batch_states, drop_pending_batch

__all__ = ["command"]


@click.group("batches")
def command() -> None:
    """Show a table's batches, or drop the one that waits to be finished. Without Spark."""


@command.command("show")
@click.argument("table")
@warehouse_options
@json_option(by_line=True)
def show(table: str, warehouse: Warehouse, output: Output) -> int:
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
@click.argument("table")
@warehouse_options
def drop(table: str, warehouse: Warehouse) -> int:
    """Drop the batch of TABLE that waits to be finished; its inputs come again with the next run."""
    number = drop_pending_batch(warehouse, table)
    Output().line(f"dropped batch {number} of {table}; what it would have read comes again")
    return ExitCode.FINE
