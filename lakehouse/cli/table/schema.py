"""``lakehouse table schema``: columns, partition columns and properties of a table."""

from __future__ import annotations

import json

import click
import msgspec

from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot, StructType, schema_from_json

__all__ = ["command"]


@click.command("schema")
@at_version
def command(path: str, version: int | None, timestamp: str | None, *, output: Output) -> None:
    """Show the columns of the table, with its comments, partition columns and properties."""
    snapshot = Snapshot.load(path, version, timestamp)
    if output.as_json:
        output.record(
            {
                "version": snapshot.version,
                "schema": json.loads(snapshot.metadata.schema_string),
                "description": snapshot.metadata.description,
                "partitionColumns": snapshot.partition_columns,
                "properties": snapshot.properties,
                "protocol": msgspec.to_builtins(snapshot.protocol),
            }
        )
        return
    partitions = set(snapshot.partition_columns)
    comments = {each.name: str(each.metadata.get("comment", "")) for each in _columns(snapshot)}
    rows = [
        (
            each.name,
            str(each.type),
            "" if each.nullable else "not null",
            "partition" if each.name in partitions else "",
            comments[each.name],
        )
        for each in snapshot.schema
    ]
    if snapshot.metadata.description:
        output.lines([snapshot.metadata.description])
    output.table(("column", "type", "", "", ""), rows)
    output.lines(f"{name} = {value}" for name, value in sorted(snapshot.properties.items()))


def _columns(snapshot: Snapshot) -> StructType:
    return schema_from_json(snapshot.metadata.schema_string, table=snapshot.table)
