"""``lakehouse table schema``: columns, partition columns and properties of a table."""

from __future__ import annotations

import json

import click
import msgspec

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot

__all__ = ["command"]


@click.command("schema")
@at_version
def command(path: str, version: int | None, timestamp: str | None, *, output: Output) -> None:
    """Show the columns of the table, its partition columns and properties."""
    snapshot = Snapshot.load(path, version, timestamp)
    if output.as_json:
        output.record(
            {
                "version": snapshot.version,
                "schema": json.loads(snapshot.metadata.schema_string),
                "partitionColumns": snapshot.partition_columns,
                "properties": snapshot.properties,
                "protocol": msgspec.to_builtins(snapshot.protocol),
            }
        )
        return
    partitions = set(snapshot.partition_columns)
    rows = [
        (f.name, str(f.type), "" if f.nullable else "not null", "partition" if f.name in partitions else "")
        for f in snapshot.schema
    ]
    output.table(("column", "type", "", ""), rows)
    output.lines(f"{name} = {value}" for name, value in sorted(snapshot.properties.items()))
