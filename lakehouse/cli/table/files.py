"""``lakehouse table files``: the data files of a table."""

from __future__ import annotations

import json
from typing import Any

import click

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot

__all__ = ["command"]


@click.command("files")
@at_version
def command(path: str, version: int | None, timestamp: str | None, *, output: Output) -> None:
    """List the data files of the table, with their size and number of rows."""
    table = Snapshot.load(path, version, timestamp).files().drop_columns(["dataChange"])
    rows = table.to_pylist(maps_as_pydicts="lossy")
    if output.as_json:
        for row in rows:
            output.record({name: value for name, value in row.items() if value is not None})
        return
    shown = [(row["path"], str(row["size"]), _row_count(row["stats"]), _partition(row)) for row in rows]
    output.table(("path", "bytes", "rows", "partition"), shown, numbers=("bytes", "rows"))


def _row_count(stats: str | None) -> str:
    try:
        found = json.loads(stats or "{}").get("numRecords")
    except (ValueError, AttributeError):
        found = None
    return "?" if found is None else str(found)


def _partition(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in (row["partitionValues"] or {}).items())
