"""``lakehouse ls URI``: the objects below a place, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

import click

from lakehouse.cli.output import Output, json_option
from lakehouse.storage import ObjectStat, locate, storage_for

__all__ = ["command"]


@click.command("ls")
@click.argument("uri")
@json_option(by_line=True)
def command(uri: str, *, output: Output) -> None:
    """List the objects below URI (a path, file:, s3://, s3a:// or abfss://): size, time in UTC, key."""
    for stat in _found(uri):
        if output.as_json:
            output.record(_as_json(stat))
        else:
            output.line(_as_text(stat))


def _found(uri: str) -> Iterator[ObjectStat]:
    below = storage_for(uri).list()
    first = next(below, None)
    if first is not None:
        return chain([first], below)
    service, key = locate(uri.rstrip("/"))
    return iter([service.stat(key)])


def _as_text(stat: ObjectStat) -> str:
    modified = datetime.fromtimestamp(stat.modified_ms / 1000, tz=UTC)
    return f"{stat.size_bytes:>15,}  {modified:%Y-%m-%d %H:%M:%S}  {_printable(stat.key)}"


def _printable(key: str) -> str:
    """A file's name may hold what would steer a terminal, or no valid text at all."""
    return key if key.isprintable() else ascii(key)


def _as_json(stat: ObjectStat) -> dict[str, str | int]:
    return {
        "key": stat.key,
        "size_bytes": stat.size_bytes,
        "modified_ms": stat.modified_ms,
        "etag": stat.etag,
    }
