"""``lakehouse restore TABLE --version N``: put a table back to an older version."""

from __future__ import annotations

import dataclasses

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.warehouse_options import warehouse_options
from lakehouse.pipelines import Restored, Warehouse, restore_table

__all__ = ["command"]


@click.command("restore")
@click.argument("table")
@click.option("--version", required=True, type=click.IntRange(min=0), help="The version to put it back to.")
@warehouse_options
@json_option()
def command(table: str, version: int, warehouse: Warehouse, output: Output) -> int:
    """Put TABLE back to an older version, as a new one. Without Spark.

    The next run goes on after the batch that the table had then: what came later comes again.
    """
    restored = restore_table(warehouse, table, version)
    if output.as_json:
        output.document(dataclasses.asdict(restored))
    else:
        output.lines(_lines(restored))
    return ExitCode.FINE


def _lines(restored: Restored) -> list[str]:
    after = "any batch" if restored.last_batch is None else f"batch {restored.last_batch}"
    came = "the inputs of all batches" if restored.last_batch is None else f"what came after {after}"
    lines = [
        f"{restored.table} is as it was at version {restored.restored_to}; its version is now {restored.version}",
        f"the next run takes {came} again",
    ]
    lines += [
        f"{reader} has read rows that are gone: restore it too, or rebuild it with "
        f"--full-refresh {reader.partition('/')[2]}+"
        for reader in restored.ahead
    ]
    return lines
