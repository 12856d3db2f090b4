"""``lakehouse contract …``: data contracts of the Open Data Contract Standard, read, made and compared."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.pipeline_options import PipelineRequest, pipeline_options
from lakehouse.cli.validate import resolution_of
from lakehouse.pipelines import (
    UnknownSelectionError,
    agreed_on,
    beginning_of,
    contract_text,
    exported_contract,
)
from lakehouse.quality import contract_changes, read_odcs

__all__ = ["command"]

_FILE = click.Path(path_type=Path)


@click.group("contract")
def command() -> None:
    """Read, make and compare data contracts (Open Data Contract Standard 3)."""


@command.command("check")
@click.argument("file", type=_FILE)
@json_option()
def check(file: Path, output: Output) -> int:
    """Say which rules FILE holds its tables to, and what of it nobody is held to. Without Spark."""
    found = {
        name: agreed_on(str(file), table=name, schema=name)
        for name in (each.names[-1] for each in read_odcs(file).tables)
    }
    if output.as_json:
        output.document(
            {
                name: {
                    "rules": [{"id": rule.name, "action": rule.action} for rule in each.rules],
                    "not_enforced": [str(part) for part in each.not_enforced],
                }
                for name, each in found.items()
            }
        )
        return ExitCode.FINE
    rows = [
        (name, rule.name, rule.action, "" if rule.at_most is None else str(rule.at_most))
        for name, each in found.items()
        for rule in each.rules
    ]
    output.table(("table", "rule", "action", "at most"), rows)
    output.lines(str(part) for each in found.values() for part in each.not_enforced)
    return ExitCode.FINE


@command.command("diff")
@click.argument("before", type=_FILE)
@click.argument("after", type=_FILE)
@json_option()
def diff(before: Path, after: Path, output: Output) -> int:
    """Say what AFTER changes in BEFORE, breaking changes first; exit with 1 where there is one. Without Spark."""
    changes = contract_changes(read_odcs(before), read_odcs(after))
    if output.as_json:
        output.document([dataclasses.asdict(each) for each in changes])
    else:
        for each in changes:
            where = each.table if each.column is None else f"{each.table}.{each.column}"
            output.line(f"{'breaking' if each.is_breaking else 'not breaking'}: {where} {each.what}")
        if not changes:
            output.line("no change of tables, columns, types, keys or rules")
    return ExitCode.FAILED if any(each.is_breaking for each in changes) else ExitCode.FINE


@command.command("import")
@click.argument("file", type=_FILE)
def import_(file: Path) -> int:
    """Print a definition in YAML to begin with, whose tables are held to FILE. Without Spark."""
    document = read_odcs(file)
    for name in (each.names[-1] for each in document.tables):
        agreed_on(str(file), table=name, schema=name)
    Output().line(beginning_of(document, file=str(file)).rstrip())
    return ExitCode.FINE


@click.argument("table")
@pipeline_options
def _export(request: PipelineRequest, *, table: str) -> int:
    """Print the contract of TABLE of pipeline NAME as YAML. A table with a contract's file gives the file's own."""
    resolution = resolution_of(request)
    resolution.check()
    if table not in resolution.graph.tables:
        raise UnknownSelectionError(selection=table, known=resolution.graph.tables)
    declared = resolution.graph.tables[table]
    document = exported_contract(
        declared, resolution.schemas[declared.name], pipeline=resolution.definition.name
    )
    if request.output.as_json:
        request.output.document(document)
    else:
        like = None if declared.agreed is None else declared.agreed.document
        request.output.line(contract_text(document, like=like).rstrip())
    return ExitCode.FINE


command.command("export")(_export)
