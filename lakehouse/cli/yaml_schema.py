"""``lakehouse yaml-schema``: what an editor needs to complete and check definitions in YAML."""

from __future__ import annotations

from pathlib import Path

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output
from lakehouse.pipelines import definition_schema

__all__ = ["command"]


@click.command("yaml-schema")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def command(file: Path | None) -> int:
    """Print the JSON Schema of definitions in YAML, with the words of the extensions that FILE names.

    An editor takes it by a comment in the definition's first line:

    \b
    # yaml-language-server: $schema=../lakehouse.schema.json
    """
    Output(as_json=True).document(definition_schema(file))
    return ExitCode.FINE
