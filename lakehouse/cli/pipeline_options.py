"""The arguments that all verbs about a pipeline share, and what they stand for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from pyspark.sql import SparkSession

from lakehouse.cli.definitions import load_definition
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.project_folder import enter_project
from lakehouse.cli.sessions import open_session
from lakehouse.pipelines import PipelineDefinition, Warehouse, duration
from lakehouse.project import find_project
from lakehouse.settings import Settings, default_environment, load_settings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.storage import register_settings, with_spark_access

__all__ = [
    "PipelineRequest",
    "full_refresh_options",
    "length_of_time",
    "mode_option",
    "pairs",
    "pipeline_options",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRequest:
    """What a person asked for on the command line."""

    name: str
    definition_file: Path | None
    settings: Settings
    """Of the environment that was asked for, read once."""
    variables: Mapping[str, str]
    select: Sequence[str] = ()
    output: Output = field(default_factory=Output)

    def definition(self) -> PipelineDefinition:
        """Return the definition as declared; variables that the project gives values have these by default."""
        definition = load_definition(self.name, file=self.definition_file)
        return definition.with_defaults(find_project().variables)

    def warehouse(self) -> Warehouse:
        """Return where the tables go."""
        return Warehouse.at(self.settings.warehouse)

    def open_session(self, *, expected_bytes: int | None = 0) -> SparkSession:
        """Open a session as the environment says, for work that reads that much; None when nobody can say."""
        settings = with_spark_access(self.settings)
        return open_session(settings, f"lakehouse {self.name}", expected_bytes=expected_bytes)

    def open_own_session(self) -> SparkSession:
        """Open a session of this process as the environment says; one that goes on between runs is not used."""
        factory = SparkSessionFactory(with_spark_access(self.settings))
        return factory.create(f"lakehouse {self.name}", expected_bytes=None)


def pipeline_options(callback: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command the shared arguments; the callback gets them as one PipelineRequest, before its own."""

    def command(**given: Any) -> int | None:
        enter_project(given, "definition", "warehouse")
        request = PipelineRequest(
            name=given.pop("name"),
            definition_file=given.pop("definition"),
            settings=_settings(given.pop("env"), given.pop("warehouse")),
            variables=dict(given.pop("variables")),
            select=given.pop("select"),
            output=given.pop("output"),
        )
        return callback(request, **given)

    command.__doc__ = callback.__doc__
    decorators = [
        click.argument("name"),
        click.option(
            "--definition",
            type=click.Path(path_type=Path),
            help="The file that defines it, when two files do.",
        ),
        click.option(
            "--env",
            default=default_environment,
            show_default="local",
            help="Read conf/environments/ENV.yaml, or the project's file.",
        ),
        click.option(
            "--warehouse", metavar="FOLDER", help="Where the tables are; by default the environment's."
        ),
        click.option(
            "--set",
            "variables",
            multiple=True,
            metavar="KEY=VALUE",
            callback=pairs,
            help="Give a variable its value.",
        ),
        click.option(
            "--select",
            multiple=True,
            metavar="TABLE",
            help="Only this table; +TABLE with all that it needs, TABLE+ with all that need it, layer:NAME.",
        ),
        json_option(),
    ]
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def full_refresh_options(callback: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command the arguments that ask for tables to be rebuilt."""
    for decorate in (
        click.option(
            "--accept-loss", is_flag=True, help="Rebuild a table also where inputs that it took are gone."
        ),
        click.option(
            "--full-refresh",
            multiple=True,
            is_flag=False,
            flag_value="*",
            metavar="[TABLE]",
            help="Rebuild TABLE, or all tables, from all inputs; TABLE+ with all that need it. "
            "Readers keep the old version until the new one is whole.",
        ),
    ):
        callback = decorate(callback)
    return callback


def mode_option(text: str) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Return what gives a command the mode in which a pipeline runs; ``text`` is the option's help."""
    modes = click.Choice(["batch", "available-now", "continuous"])
    return click.option("--mode", default="batch", show_default=True, type=modes, help=text)


def length_of_time(
    context: click.Context, parameter: click.Parameter, given: str | None
) -> dt.timedelta | None:
    """Read a length of time, such as ``15 min``."""
    if given is None:
        return None
    length = duration(given)
    if not length:
        raise click.BadParameter(f"{given!r} is no length of time. Fix: write it as '15 min' or '2 hours'.")
    return length


def _settings(environment: str, warehouse: str | None) -> Settings:
    settings = load_settings(environment)
    register_settings(settings.storage)
    return settings.with_warehouse(warehouse) if warehouse else settings


def pairs(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> list[tuple[str, str]]:
    found = [each.partition("=") for each in given]
    for each, (key, equals, _) in zip(given, found, strict=True):
        if not key or not equals:
            option = parameter.opts[0]
            raise click.BadParameter(
                f"{each!r} is not KEY=VALUE. Fix: write it as {option} landing=data/orders."
            )
    return [(key, value) for key, _, value in found]
