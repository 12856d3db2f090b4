"""``lakehouse table vacuum``: files that no version within the retention needs."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.delta_log import table_storage, vacuum

__all__ = ["command"]


@click.command("vacuum")
@click.argument("path")
@click.option("--retention-hours", type=click.FloatRange(min=0), help="The table's retention by default.")
@click.option("--delete", is_flag=True, help="Delete the files instead of listing them.")
@click.option("--force", is_flag=True, help="Allow a retention that is shorter than the table's.")
@json_option(by_line=True)
def command(path: str, *, retention_hours: float | None, delete: bool, force: bool, output: Output) -> int:
    """List the files that no version within the retention needs, or delete them."""
    found = vacuum(
        table_storage(path),
        retention_hours=retention_hours,
        dry_run=not delete,
        allow_short_retention=force,
    )
    if output.as_json:
        output.record(
            {"deleted": delete, "bytes": found.size_bytes, "keys": found.keys, "failed": dict(found.failed)}
        )
        return ExitCode.FAILED if found.failed else ExitCode.FINE
    output.lines(found.keys)
    for sentence in found.unknown if found.keys else ():
        click.echo(f"warning: {sentence}", err=True)
    done = "deleted" if delete else "would be deleted"
    output.line(f"{len(found.keys)} files, {found.size_bytes} bytes {done}")
    for key, reason in found.failed.items():
        click.echo(f"error: {key!r} is still there: {reason}", err=True)
    return ExitCode.FAILED if found.failed else ExitCode.FINE
