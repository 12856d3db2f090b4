"""``lakehouse cat URI``: an object's bytes, as they are."""

from __future__ import annotations

import sys

import click

from lakehouse.storage import locate

__all__ = ["command"]


@click.command("cat")
@click.argument("uri")
def command(uri: str) -> None:
    """Write the object at URI (a path, file:, s3://, s3a:// or abfss://) to standard output."""
    service, key = locate(uri)
    out = sys.stdout.buffer
    for chunk in service.stream(key):
        out.write(chunk)
    out.flush()
