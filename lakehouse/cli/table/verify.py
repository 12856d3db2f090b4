"""``lakehouse table verify``: the log and the files of a table, as an auditor reads them."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output
from lakehouse.cli.table.at_version import at_version
from lakehouse.delta_log import Snapshot, table_storage, verify

__all__ = ["command"]

_NOT_CHECKED = "not checked: the values in the data files, and versions whose commits are gone"


@click.command("verify")
@at_version
def command(path: str, version: int | None, timestamp: str | None, *, output: Output) -> int:
    """Audit the log: gaps, missing files, wrong sizes, bad statistics. The exit code is 1 if there are errors."""
    if timestamp is not None:
        version = Snapshot.load(path, None, timestamp).version
    errors = 0
    for finding in verify(table_storage(path), version):
        errors += finding.severity == "error"
        if output.as_json:
            output.record({name: getattr(finding, name) for name in ("severity", "kind", "where", "message")})
        else:
            output.line(f"{finding.severity}: {finding.kind}: {finding.where}: {finding.message}")
    if not output.as_json:
        output.line(f"{errors} errors" if errors else "no errors")
        click.echo(_NOT_CHECKED, err=True)
    return ExitCode.FAILED if errors else ExitCode.FINE
