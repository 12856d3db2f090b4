"""``lakehouse sample TABLE``: some rows of a table, as the input of a test."""

from __future__ import annotations

import random
from typing import Any

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.table.cells import json_value
from lakehouse.delta_log import Snapshot
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]

_LOOKED_AT = 100_000


@click.command("sample")
@click.argument("table")
@click.option("--rows", default=5, show_default=True, type=click.IntRange(min=1), help="How many rows.")
@click.option("--seed", default=0, show_default=True, help="Another number draws other rows.")
@click.option(
    "--env", default=default_environment, show_default="local", help="Read conf/environments/ENV.yaml."
)
@click.option("--warehouse", metavar="FOLDER", help="Where the tables are; by default the environment's.")
@json_option(by_line=True)
def command(table: str, *, rows: int, seed: int, env: str, warehouse: str | None, output: Output) -> int:
    """Draw rows of TABLE, as layer.table or a path, and print them as the input of a pipeline's test.

    They are drawn from the first 100,000 rows, without Spark. Columns that begin with _ are left out.
    """
    if "." not in table and "/" not in table:
        raise click.UsageError(f"{table!r} is neither layer.table nor a path. Fix: silver.{table}, say.")
    settings = load_settings(env)
    register_settings(settings.storage)
    path = table if "/" in table else "/".join([warehouse or settings.warehouse, *table.split(".")])
    drawn = _drawn(Snapshot.load(path), rows, random.Random(seed))  # noqa: S311 - nobody has to be kept from guessing
    if output.as_json:
        for row in drawn:
            output.record(json_value(row))
        return ExitCode.FINE
    name = table.rstrip("/").replace("/", ".").rpartition(".")[2]
    output.line(f'inputs = {{"{name}": [')
    output.lines(f"    {_literal(row)}," for row in drawn)
    output.line("]}")
    return ExitCode.FINE


def _drawn(snapshot: Snapshot, count: int, chance: random.Random) -> list[dict[str, Any]]:
    """Return rows that are all as likely (Vitter's algorithm R), in the order of the table."""
    names = [name for name in snapshot.schema.names if not name.startswith("_")]
    kept: dict[int, tuple[int, dict[str, Any]]] = {}
    number = 0
    for batch in snapshot.scan(names):
        for row in batch.to_pylist(maps_as_pydicts="lossy"):
            place = number if number < count else chance.randrange(number + 1)
            if place < count:
                kept[place] = (number, row)
            number += 1
        if number >= _LOOKED_AT:
            break
    return [row for _, row in sorted(kept.values(), key=lambda each: each[0])]


def _literal(row: dict[str, Any]) -> str:
    plain = {
        name: value
        if isinstance(value, bool | int | float | str | list | dict | bytes | None)
        else str(value)
        for name, value in row.items()
    }
    return repr(plain)
