"""``lakehouse table vacuum``: files that no version within the retention needs."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.delta_log import Snapshot, table_storage, vacuum
from lakehouse.optimization import NO_NEEDS, needs_of_readers

__all__ = ["command"]


@click.command("vacuum")
@click.argument("path")
@click.option("--retention-hours", type=click.FloatRange(min=0), help="The table's retention by default.")
@click.option("--delete", is_flag=True, help="Delete the files instead of listing them.")
@click.option("--force", is_flag=True, help="Allow a retention that is shorter than the table's.")
@click.option("--ignore-readers", is_flag=True, help="Don't keep what tables of the same warehouse need.")
@json_option(by_line=True)
def command(
    path: str,
    *,
    retention_hours: float | None,
    delete: bool,
    force: bool,
    ignore_readers: bool,
    output: Output,
) -> int:
    """List the files that no version within the retention needs, or delete them.

    What tables of the same warehouse have yet to read of it stays, and what their clones name.
    """
    needs = NO_NEEDS if ignore_readers else needs_of_readers(Snapshot.load(path))
    found = vacuum(
        table_storage(path),
        retention_hours=retention_hours,
        keep_from_version=needs.keep_from_version,
        clones=needs.clones,
        dry_run=not delete,
        allow_short_retention=force,
    )
    if output.as_json:
        output.record(
            {"deleted": delete, "bytes": found.size_bytes, "keys": found.keys, "failed": dict(found.failed)}
        )
        return ExitCode.FAILED if found.failed else ExitCode.FINE
    output.lines(found.keys)
    if needs.words:
        click.echo(f"note: {needs.words}", err=True)
    for sentence in found.unknown if found.keys else ():
        click.echo(f"warning: {sentence}", err=True)
    done = "deleted" if delete else "would be deleted"
    output.line(f"{len(found.keys)} files, {found.size_bytes} bytes {done}")
    for key, reason in found.failed.items():
        click.echo(f"error: {key!r} is still there: {reason}", err=True)
    return ExitCode.FAILED if found.failed else ExitCode.FINE
