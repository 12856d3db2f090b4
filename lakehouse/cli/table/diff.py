"""``lakehouse table diff``: what changed between two versions of a table."""

from __future__ import annotations

import click

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot, difference

__all__ = ["command"]


@click.command("diff")
@click.option(
    "--from", "start", type=click.IntRange(min=0), help="The older version; by default the one before."
)
@at_version
def command(
    path: str, version: int | None, timestamp: str | None, *, output: Output, start: int | None
) -> None:
    """Show what changed since an older version: files, rows, schema, properties, protocol."""
    new = Snapshot.load(path, version, timestamp)
    old = Snapshot.load(path, max(0, new.version - 1) if start is None else start)
    found = difference(old, new)
    if output.as_json:
        output.record(found.to_json())
    else:
        output.lines(found.lines())
