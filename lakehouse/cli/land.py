"""``lakehouse land FOLDER TABLE``: files into a Bronze table without Spark."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lakehouse.cli.definitions import definition_file, load_definition
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.pipeline_options import pairs
from lakehouse.cli.run_report import JsonReport, PlainReport, Report
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    PipelineNotFoundError,
    from_files,
    land,
)
from lakehouse.project import find_project
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["command"]


@click.command("land")
@click.argument("folder")
@click.argument("table")
@click.option("--pipeline", metavar="NAME", default="land", show_default=True, help="Whose table it is.")
@click.option(
    "--definition",
    type=click.Path(path_type=Path),
    help="The file that declares the pipeline: columns and format are taken from its table. By default the file that "
    "'lakehouse run NAME' finds, where no columns, format or options are given.",
)
@click.option("--format", "format_", default="csv", show_default=True, help="What kind of files they are.")
@click.option("--columns", help="Names with commas between them, or DDL: 'id bigint, items array<string>'.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    callback=pairs,
    help="Of the format; values may be JSON.",
)
@click.option(
    "--env", default=default_environment, show_default="local", help="Read conf/environments/ENV.yaml."
)
@click.option("--warehouse", metavar="FOLDER", help="Where the tables are; by default the environment's.")
@click.option(
    "--set",
    "variables",
    multiple=True,
    metavar="KEY=VALUE",
    callback=pairs,
    help="Give a variable its value.",
)
@click.option(
    "--processes", type=click.IntRange(min=1), help="How many parse files; by default what they are worth."
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=8, show_default=True, help="How many download files."
)
@json_option()
def command(
    folder: str,
    table: str,
    *,
    pipeline: str,
    definition: Path | None,
    format_: str,
    columns: str | None,
    options: Sequence[tuple[str, str]],
    env: str,
    warehouse: str | None,
    variables: Sequence[tuple[str, str]],
    processes: int | None,
    threads: int,
    output: Output,
) -> int:
    """Take the new files of FOLDER (or of a pattern, or of a store) into the Bronze table TABLE, without Spark.

    Each file is taken once, also by ``lakehouse run`` of the same pipeline, before or afterwards; what can't be
    read goes to the table's quarantine.
    """
    pattern, name = _pattern(folder), table.removeprefix("bronze.")
    if definition is None and columns is None and format_ == "csv" and not options:
        definition = _found_definition(pipeline)
    if definition is not None:
        loaded = load_definition(pipeline, file=definition).with_defaults(find_project().variables)
        declared = _with_pattern(loaded, name, pattern)
    else:
        flow = from_files(
            pattern, format=format_, columns=_columns(columns), options=_options(options)
        ).append()
        declared = DeclarativePipelineBuilder(pipeline).bronze(name, flow).build()
    settings = load_settings(env)
    register_settings(settings.storage)
    settings = settings.with_warehouse(warehouse) if warehouse else settings
    with _report(settings.warehouse, output) as report:
        result = land(
            declared,
            table,
            warehouse=settings.warehouse,
            variables=dict(variables),
            processes=processes,
            threads=threads,
            listener=report,
        )
    if any(failure.is_bug for failure in result.failures):
        return ExitCode.BUG
    return ExitCode.FAILED if result.failures else ExitCode.FINE


def _found_definition(pipeline: str) -> Path | None:
    """Return the file of the project that defines a pipeline; None where no file does."""
    try:
        return definition_file(pipeline)
    except PipelineNotFoundError:
        return None


def _pattern(folder: str) -> str:
    """Return the pattern of all files in a folder, or the pattern that was given."""
    place = folder.rstrip("/")
    is_folder = folder.endswith("/") or ("://" not in folder and Path(folder).is_dir())
    return f"{place}/*" if is_folder else folder


def _columns(text: str | None) -> Any:
    """Return names, or DDL as it is: DDL has types behind its names."""
    if text is None:
        return None
    names = [part.strip() for part in text.split(",")]
    return names if all(name and " " not in name and "<" not in name for name in names) else text


def _options(given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return options with their values: JSON where a text is JSON, such as 1, true or a list; else the text."""
    return {name: _value(text) for name, text in given}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _with_pattern(definition: PipelineDefinition, table: str, pattern: str) -> PipelineDefinition:
    """Return the definition with the table's files at ``pattern``; other tables are as they are."""

    def placed(each: Any) -> Any:
        if each.name != table or each.flow.source.landable() is None:
            return each
        source = dataclasses.replace(each.flow.source, pattern=pattern)
        return dataclasses.replace(each, flow=dataclasses.replace(each.flow, source=source))

    return dataclasses.replace(definition, tables=tuple(map(placed, definition.tables)))


def _report(warehouse: str, output: Output) -> Report:
    return JsonReport() if output.as_json else PlainReport(warehouse)
