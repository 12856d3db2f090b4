"""``lakehouse cp SOURCE TARGET``: copy an object, or all below a place, within a store or between two."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.storage import AlreadyThere, Copied, copy_all, copy_object

__all__ = ["command"]


@click.command("cp")
@click.argument("source")
@click.argument("target")
@click.option("-r", "--recursive", is_flag=True, help="Copy every object below SOURCE to below TARGET.")
@click.option("--if-absent", is_flag=True, help="Fail when the target exists, instead of overwriting it.")
@json_option(by_line=True)
def command(source: str, target: str, *, recursive: bool, if_absent: bool, output: Output) -> int:
    """Copy SOURCE to TARGET (paths, file:, s3://, s3a:// or abfss://); a TARGET ending in / keeps the name."""
    if recursive and if_absent:
        raise click.UsageError("--if-absent is for one object: leave it or --recursive out.")
    if recursive:
        for copied in copy_all(source, target):
            _tell(copied, output=output)
        return ExitCode.FINE
    outcome = copy_object(source, target, only_if_absent=if_absent)
    if isinstance(outcome, AlreadyThere):
        click.echo(f"{target} already exists; it was not changed", err=True)
        return ExitCode.FAILED
    _tell(outcome, output=output)
    return ExitCode.FINE


def _tell(copied: Copied, *, output: Output) -> None:
    if output.as_json:
        output.record(copied)
    else:
        output.line(f"{copied.source} -> {copied.target} ({copied.size_bytes:,} bytes)")
