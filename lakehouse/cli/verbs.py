"""Which verbs there are, and where each one's command lives. A verb's module is loaded when it is called."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import click

from lakehouse.errors import did_you_mean

__all__ = ["VERBS", "Verb", "VerbGroup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A verb of the command line; its module has a click command named ``command``."""

    module: str
    help: str


VERBS: dict[str, Verb] = {
    "init": Verb(module="lakehouse.cli.init", help="write a project that runs at once"),
    "validate": Verb(module="lakehouse.cli.validate", help="check a definition without reading data"),
    "yaml-schema": Verb(
        module="lakehouse.cli.yaml_schema", help="print the JSON Schema of definitions in YAML"
    ),
    "convert": Verb(
        module="lakehouse.cli.convert", help="write a definition in the other language, YAML or Python"
    ),
    "plan": Verb(module="lakehouse.cli.plan", help="say what a run would do, and why"),
    "contract": Verb(module="lakehouse.cli.contract", help="read, make and compare data contracts"),
    "table": Verb(module="lakehouse.cli.table", help="look at a Delta table, or maintain it, without Spark"),
    "sample": Verb(module="lakehouse.cli.sample", help="draw rows of a table as the input of a test"),
    "sql": Verb(module="lakehouse.cli.sql", help="ask the tables by SQL, without Spark"),
    "run": Verb(module="lakehouse.cli.run", help="refresh the tables of a pipeline"),
    "land": Verb(module="lakehouse.cli.land", help="take files into a Bronze table without Spark"),
    "history": Verb(module="lakehouse.cli.history", help="show what happened in the last runs"),
    "status": Verb(module="lakehouse.cli.status", help="show how the streams of a warehouse stand"),
    "report": Verb(module="lakehouse.cli.report", help="write what happened as one page of HTML"),
    "docs": Verb(module="lakehouse.cli.docs", help="write what is declared as one page of HTML"),
    "lineage": Verb(module="lakehouse.cli.lineage", help="say where columns come from, and where they go"),
    "graph": Verb(module="lakehouse.cli.graph", help="say which table reads which, without Spark"),
    "batches": Verb(module="lakehouse.cli.batches", help="show a table's batches, or drop one that waits"),
    "quarantine": Verb(
        module="lakehouse.cli.quarantine", help="show the files that a table set aside, or release them"
    ),
    "maintain": Verb(module="lakehouse.cli.maintain", help="arrange a table's files for its readers"),
    "restore": Verb(module="lakehouse.cli.restore", help="put a table back to an older version"),
    "session": Verb(module="lakehouse.cli.session", help="keep a Spark session running between runs"),
    "doctor": Verb(module="lakehouse.cli.doctor", help="say what this machine lacks to run pipelines"),
    "ls": Verb(module="lakehouse.cli.ls", help="list the objects of a store"),
    "cat": Verb(module="lakehouse.cli.cat", help="print an object of a store"),
    "cp": Verb(module="lakehouse.cli.cp", help="copy objects within a store or between two"),
    "chess": Verb(module="lakehouse.cli.chess", help="count positions, check PGN files, play and show games"),
}
"""The table of contents of the command line, in the order of ``--help``."""


class VerbGroup(click.Group):
    """Loads a verb's module by name when the verb is called, so that those without Spark answer at once."""

    def __init__(self, *, verbs: Mapping[str, Verb], **options: Any) -> None:
        super().__init__(**options)
        self._verbs = verbs

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self._verbs:
            ctx.fail(f"there is no verb {args[0]!r}. Fix: {did_you_mean(args[0], self._verbs)}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = self._verbs.get(cmd_name)
        if verb is None:
            return None
        command: click.Command = _loaded(verb.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.help) for name, verb in self._verbs.items()])


def _loaded(name: str) -> ModuleType:
    """Return a verb's module. What it loads stays: to look among it for garbage takes a quarter of the start."""
    if name in sys.modules or not gc.isenabled():
        return importlib.import_module(name)
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
