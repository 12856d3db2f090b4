"""``lakehouse table cat``: the rows of a table."""

from __future__ import annotations

from typing import Any

import click

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.cli.table.cells import cell, json_value, on_one_line
from lakehouse.delta_log import Snapshot, condition

__all__ = ["command"]


@click.command("cat")
@click.option("--columns", help="Names, separated by commas; all by default.")
@click.option(
    "--where", metavar="CONDITION", help='Only rows that meet it, such as "units > 5 AND day IS NOT NULL".'
)
@click.option("--limit", type=click.IntRange(min=0), help="Print only this many rows.")
@at_version
def command(
    path: str,
    version: int | None,
    timestamp: str | None,
    *,
    output: Output,
    columns: str | None,
    where: str | None,
    limit: int | None,
) -> None:
    """Print the rows of the table, with tabs between the values; as JSON, one row a line."""
    names = None if columns is None else columns.split(",")
    snapshot = Snapshot.load(path, version, timestamp)
    predicate = None if where is None else condition(where, snapshot.schema)
    left = limit
    for number, rows in enumerate(snapshot.scan(names, predicate)):
        if not output.as_json and number == 0:
            output.line("\t".join(map(on_one_line, rows.column_names)))
        for row in (rows if left is None else rows.slice(0, left)).to_pylist(maps_as_pydicts="lossy"):
            _print(row, output)
        left = None if left is None else max(0, left - rows.num_rows)
        if left == 0:
            return


def _print(row: dict[str, Any], output: Output) -> None:
    if output.as_json:
        output.record(json_value(row))
    else:
        output.line("\t".join(cell(value) for value in row.values()))
