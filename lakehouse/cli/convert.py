"""``lakehouse convert NAME``: a definition in the other language, YAML or Python."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.definitions import definition_file, load_definition
from lakehouse.cli.errors import FileExistsAlreadyError, UnreadableResultError
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output
from lakehouse.cli.project_folder import enter_project
from lakehouse.cli.written_files import write_text
from lakehouse.errors import LakehouseError
from lakehouse.pipelines import (
    DifferentDefinitionError,
    PipelineDefinition,
    write_python_definition,
    write_yaml_definition,
)

__all__ = ["command", "converted"]

_WRITERS: Mapping[str, Callable[[PipelineDefinition], str]] = {
    "yaml": write_yaml_definition,
    "python": write_python_definition,
}
_ENDINGS = {"yaml": ".yaml", "python": ".py"}


@click.command("convert")
@click.argument("name")
@click.option(
    "--definition", type=click.Path(path_type=Path), help="The file that defines it, when two files do."
)
@click.option(
    "--to",
    "language",
    type=click.Choice(list(_WRITERS)),
    help="The language; by default Python for a definition in YAML, and YAML for any other.",
)
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to FILE, which must not be there yet.",
)
def command(**given: Any) -> int:
    """Print the definition of pipeline NAME in the other language: the same tables, as a run sees them.

    What the language has no words for, such as a lambda in YAML, is refused with its table, step and line. Names
    of schemas and flows, and comments, are not kept: each table stands for itself.
    """
    enter_project(given, "definition", "file")
    file = given["file"]
    if file is not None and file.exists():
        raise FileExistsAlreadyError(path=file)
    source = definition_file(given["name"], file=given["definition"])
    language = given["language"] or ("python" if source.suffix in (".yaml", ".yml") else "yaml")
    text = converted(load_definition(given["name"], file=source), language)
    if file is None:
        Output().line(text.rstrip())
    else:
        write_text(file, text)
    return ExitCode.FINE


def converted(definition: PipelineDefinition, language: str) -> str:
    """Return the definition in a language, after it was read back and found the same.

    Raises DefinitionErrors with all that the language can't say, and DifferentDefinitionError.
    """
    text = _WRITERS[language](definition)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"definition{_ENDINGS[language]}"
        file.write_text(text, encoding="utf-8")
        try:
            read = load_definition(definition.name, file=file)
        except LakehouseError as error:
            reason = str(error).replace(f"{file}:", "line ")
            raise UnreadableResultError(name=definition.name, language=language, reason=reason) from error
        _compare(definition, read, language)
    return text


def _compare(given: PipelineDefinition, read: PipelineDefinition, language: str) -> None:
    """Raise DifferentDefinitionError for the first part that is not what it was."""
    pairs: list[tuple[str, Any, Any]] = [
        *(
            (f"the table {each.name!r}", each, back)
            for each, back in zip(given.tables, read.tables, strict=True)
        ),
        *(
            (f"the view {each.name!r}", each, back)
            for each, back in zip(given.views, read.views, strict=True)
        ),
        *(
            (f"the variable {each.name!r}", each, back)
            for each, back in zip(given.variables, read.variables, strict=True)
        ),
    ]
    for what, each, back in pairs:
        if each != back:
            raise DifferentDefinitionError(what=what, language=language, location=each.location)
