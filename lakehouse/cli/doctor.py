"""``lakehouse doctor``: what this machine has, and what it lacks, to run pipelines."""

from __future__ import annotations

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.settings import default_environment, load_settings
from lakehouse.spark_session import HealthCheck, examine, try_spark

__all__ = ["command"]

_MARKS = {
    "fine": click.style("ok", fg="green"),
    "missing": click.style("missing", fg="red"),
    "optional": click.style("optional", dim=True),
}


@click.command(short_help="Say what this machine lacks")
@click.option(
    "--env",
    "environment",
    default=default_environment,
    show_default="local",
    help="Read conf/environments/ENV.yaml.",
)
@click.option("--warehouse", metavar="FOLDER", help="Where the tables are; by default the environment's.")
@click.option(
    "--spark", "with_spark", is_flag=True, help="Also start a session, which downloads Delta's jars."
)
@json_option()
def command(environment: str, warehouse: str | None, *, with_spark: bool, output: Output) -> int:
    """Say what this machine has and what it lacks. The exit code is 1 when something needed is missing."""
    settings = load_settings(environment)
    if warehouse is not None:
        settings = settings.with_warehouse(warehouse)
    # The session comes first: it downloads the jars, which the other checks then find.
    session = (try_spark(settings),) if with_spark else ()
    findings = (*examine(settings), *session)
    if output.as_json:
        output.document(findings)
    else:
        rows = [(_MARKS[each.state], each.name, _in_words(each)) for each in findings]
        output.table(("", "", ""), rows)
    missing = any(finding.state == "missing" for finding in findings)
    return ExitCode.FAILED if missing else ExitCode.FINE


def _in_words(finding: HealthCheck) -> str:
    if finding.state == "fine":
        return finding.found
    return f"{finding.found}; expected: {finding.expected}. Fix: {finding.fix}"
