"""``lakehouse table checkpoint``: write a checkpoint of a table's latest version."""

from __future__ import annotations

import click

from lakehouse.cli.output import Output, json_option
from lakehouse.delta_log import Snapshot, table_storage, write_checkpoint

__all__ = ["command"]


@click.command("checkpoint")
@click.argument("path")
@json_option(by_line=True)
def command(path: str, *, output: Output) -> None:
    """Write a checkpoint of the latest version, of the kind that the table's properties ask for."""
    storage = table_storage(path)
    written = write_checkpoint(storage, Snapshot.load(path, storage=storage))
    if output.as_json:
        output.record({"version": written.version, "key": written.key, "bytes": written.size_bytes})
    else:
        size = f"{written.file_count} files, {written.size_bytes} bytes"
        output.line(f"version {written.version}: {size} in {written.key}")
