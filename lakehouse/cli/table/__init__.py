"""``lakehouse table …``: look at a Delta table, or maintain it, without Spark. One verb a file."""

from __future__ import annotations

import click

from lakehouse.cli.verbs import Verb, VerbGroup

__all__ = ["VERBS", "command"]

VERBS: dict[str, Verb] = {
    "history": Verb(module="lakehouse.cli.table.history", help="who committed which version, when and how"),
    "files": Verb(module="lakehouse.cli.table.files", help="the data files, with size and number of rows"),
    "schema": Verb(module="lakehouse.cli.table.schema", help="columns, partition columns and properties"),
    "cat": Verb(module="lakehouse.cli.table.cat", help="the rows"),
    "diff": Verb(module="lakehouse.cli.table.diff", help="what changed since an older version"),
    "checkpoint": Verb(module="lakehouse.cli.table.checkpoint", help="write a checkpoint"),
    "vacuum": Verb(module="lakehouse.cli.table.vacuum", help="list or delete files that are not needed"),
    "verify": Verb(module="lakehouse.cli.table.verify", help="audit the log and the files"),
}


@click.group("table", cls=VerbGroup, verbs=VERBS)
def command() -> None:
    """Look at a Delta table, or maintain it, without Spark. PATH is the folder that contains _delta_log."""
