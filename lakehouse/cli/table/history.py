"""``lakehouse table history``: who committed which version, when and how."""

from __future__ import annotations

import json

import click

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot, iso_text

__all__ = ["command"]


@click.command("history")
@click.option("--limit", type=click.IntRange(min=1), help="Show only this many versions.")
@at_version
def command(
    path: str, version: int | None, timestamp: str | None, *, output: Output, limit: int | None
) -> None:
    """Show who committed which version, when and how; the newest first."""
    entries = Snapshot.load(path, version, timestamp).history(limit)
    if output.as_json:
        for entry in entries:
            when = {"version": entry.version, "timestamp": iso_text(entry.timestamp_ms)}
            output.record({**entry.commit_info.to_json(), **when})
        return
    rows = [
        (
            str(entry.version),
            iso_text(entry.timestamp_ms),
            entry.commit_info.operation or "",
            json.dumps(entry.commit_info.operation_parameters or {}),
            entry.commit_info.engine_info or "",
        )
        for entry in entries
    ]
    output.table(("version", "committed", "operation", "parameters", "engine"), rows)
