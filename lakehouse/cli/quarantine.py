"""``lakehouse quarantine …``: files that a table set aside, and how it takes them after all."""

from __future__ import annotations

from collections.abc import Sequence

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.warehouse_options import warehouse_options
from lakehouse.pipelines import Warehouse, files_set_aside, release_files

__all__ = ["command"]


@click.group("quarantine")
def command() -> None:
    """Show the files that a table set aside, or release them. Without Spark."""


@command.command("show")
@click.argument("table")
@warehouse_options
@json_option(by_line=True)
def show(table: str, warehouse: Warehouse, output: Output) -> int:
    """Show the files that TABLE set aside when it last looked at them, each with its reason."""
    aside = files_set_aside(warehouse, table)
    if output.as_json:
        for path, reason in aside.items():
            output.record({"file": path, "reason": reason})
    else:
        output.lines(f"{path}: {reason}" for path, reason in aside.items())
    return ExitCode.FINE


@command.command("release")
@click.argument("table")
@click.option("--file", "files", multiple=True, metavar="FILE", help="Only this file, by its name or path.")
@warehouse_options
@json_option()
def release(table: str, files: Sequence[str], warehouse: Warehouse, output: Output) -> int:
    """Let the next run of TABLE look again at the files that it set aside, all of them by default.

    A corrected file comes in the place of what the table took of it before, in one commit.
    """
    released = release_files(warehouse, table, files)
    if output.as_json:
        output.document({"table": table, "released": released})
    else:
        output.lines(f"released {path}" for path in released)
        output.line(f"the next run of {table} looks at {'it' if len(released) == 1 else 'them'} again")
    return ExitCode.FINE
