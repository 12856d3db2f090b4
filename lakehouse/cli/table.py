"""``lakehouse table …``: look at a Delta table, or tend it, without Spark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
import msgspec

from lakehouse.cli.columns import aligned
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.delta_log import Snapshot, difference, iso_text, write_checkpoint
from lakehouse.delta_log import vacuum as delete_unneeded
from lakehouse.delta_log import verify as verify_table
from lakehouse.storage import storage_for

__all__ = ["command"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("table")
def command() -> None:
    """Look at a Delta table, or tend it, without Spark. PATH is the folder that has _delta_log in it."""


def _at_version(function: _Command) -> _Command:
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
        click.option("--timestamp", help="The version of a time: ISO 8601 with a zone."),
        click.option("--version", type=click.IntRange(min=0), help="A version; the latest by default."),
        click.argument("path"),
    ):
        function = decorate(function)
    return function


def _load(path: str, version: int | None, timestamp: str | None) -> Snapshot:
    return Snapshot.load(path, version, timestamp)


@command.command()
@click.option("--limit", type=click.IntRange(min=1), help="Show so many versions only.")
@_at_version
def history(
    path: str, version: int | None, timestamp: str | None, *, as_json: bool, limit: int | None
) -> None:
    """Tell who committed which version, when and how; the newest first."""
    entries = _load(path, version, timestamp).history(limit)
    if as_json:
        for entry in entries:
            when = {"version": entry.version, "timestamp": iso_text(entry.timestamp_ms)}
            _print_json({**entry.commit_info.to_json(), **when})
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
    _print_lines(aligned(("version", "committed", "operation", "parameters", "engine"), rows))


@command.command()
@_at_version
def files(path: str, version: int | None, timestamp: str | None, *, as_json: bool) -> None:
    """List the data files of the table, with their size and number of rows."""
    table = _load(path, version, timestamp).files().drop_columns(["dataChange"])
    rows = table.to_pylist(maps_as_pydicts="lossy")
    if as_json:
        for row in rows:
            _print_json({name: value for name, value in row.items() if value is not None})
        return
    shown = [(row["path"], str(row["size"]), _row_count(row["stats"]), _partition(row)) for row in rows]
    _print_lines(aligned(("path", "bytes", "rows", "partition"), shown))


def _row_count(stats: str | None) -> str:
    try:
        found = json.loads(stats or "{}").get("numRecords")
    except (ValueError, AttributeError):
        found = None
    return "?" if found is None else str(found)


def _partition(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in (row["partitionValues"] or {}).items())


@command.command()
@_at_version
def schema(path: str, version: int | None, timestamp: str | None, *, as_json: bool) -> None:
    """Show the columns of the table, its partition columns and properties."""
    snapshot = _load(path, version, timestamp)
    if as_json:
        _print_json(
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
    _print_lines(aligned(("column", "type", "", ""), rows))
    _print_lines(f"{name} = {value}" for name, value in sorted(snapshot.properties.items()))


@command.command()
@click.option("--columns", help="Names, separated by commas; all by default.")
@click.option("--limit", type=click.IntRange(min=0), help="Print so many rows only.")
@_at_version
def cat(
    path: str,
    version: int | None,
    timestamp: str | None,
    *,
    as_json: bool,
    columns: str | None,
    limit: int | None,
) -> None:
    """Print the rows of the table; as JSON, one row a line."""
    names = None if columns is None else columns.split(",")
    tables = _load(path, version, timestamp).scan(names)
    left = limit
    for number, rows in enumerate(tables):
        if not as_json and number == 0:
            click.echo("\t".join(rows.column_names))
        for row in (rows if left is None else rows.slice(0, left)).to_pylist(maps_as_pydicts="lossy"):
            click.echo(_json_text(row) if as_json else "\t".join(_cell(value) for value in row.values()))
        left = None if left is None else max(0, left - rows.num_rows)
        if left == 0:
            return


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    return _json_text(value) if isinstance(value, dict | list | bytes) else str(value)


@command.command()
@click.option("--from", "start", type=click.IntRange(min=0), help="The older version; by default one less.")
@_at_version
def diff(path: str, version: int | None, timestamp: str | None, *, as_json: bool, start: int | None) -> None:
    """Show what is different from an older version: files, rows, schema, properties, protocol."""
    new = _load(path, version, timestamp)
    old = Snapshot.load(path, max(0, new.version - 1) if start is None else start)
    found = difference(old, new)
    if as_json:
        _print_json(found.to_json())
    else:
        _print_lines(found.lines())


@command.command()
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def checkpoint(path: str, *, as_json: bool) -> None:
    """Write a checkpoint of the latest version, of the kind that the table asks for."""
    storage = storage_for(path)
    written = write_checkpoint(storage, Snapshot.load(path, storage=storage))
    if as_json:
        _print_json({"version": written.version, "key": written.key, "bytes": written.size_bytes})
    else:
        size = f"{written.file_count} files, {written.size_bytes} bytes"
        click.echo(f"version {written.version}: {size} in {written.key}")


@command.command()
@click.argument("path")
@click.option("--retention-hours", type=click.FloatRange(min=0), help="By default what the table asks for.")
@click.option("--delete", is_flag=True, help="Delete the files, instead of listing them.")
@click.option("--force", is_flag=True, help="Allow a retention that is shorter than the table's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def vacuum(path: str, *, retention_hours: float | None, delete: bool, force: bool, as_json: bool) -> None:
    """List the files that no version within the retention needs, or delete them."""
    found = delete_unneeded(
        storage_for(path),
        retention_hours=retention_hours,
        dry_run=not delete,
        allow_short_retention=force,
    )
    if as_json:
        _print_json({"deleted": delete, "bytes": found.size_bytes, "keys": found.keys})
        return
    _print_lines(iter(found.keys))
    click.echo(
        f"{len(found.keys)} files, {found.size_bytes} bytes {'deleted' if delete else 'would be deleted'}"
    )


@command.command()
@_at_version
def verify(path: str, version: int | None, timestamp: str | None, *, as_json: bool) -> int:
    """Read the log as an auditor: gaps, missing files, wrong sizes, bad statistics. Exit code 1 for errors."""
    if timestamp is not None:
        version = _load(path, None, timestamp).version
    errors = 0
    for finding in verify_table(storage_for(path), version):
        errors += finding.severity == "error"
        if as_json:
            _print_json({name: getattr(finding, name) for name in ("severity", "kind", "where", "message")})
        else:
            click.echo(f"{finding.severity}: {finding.kind}: {finding.where}: {finding.message}")
    if not as_json:
        click.echo(f"{errors} errors" if errors else "no errors")
    return ExitCode.FAILED if errors else ExitCode.FINE


def _print_lines(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


def _print_json(value: Any) -> None:
    click.echo(_json_text(value))


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()
