"""The arguments of the verbs about a warehouse as a whole: which environment, and which folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lakehouse.pipelines import Warehouse
from lakehouse.settings import default_environment, load_settings
from lakehouse.storage import register_settings

__all__ = ["warehouse_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def warehouse_options(decorated: _Command) -> _Command:
    """Give a command ``--env`` and ``--warehouse``; it receives a Warehouse as ``warehouse``."""
    env = click.option(
        "--env",
        default=default_environment,
        show_default="local",
        is_eager=True,
        expose_value=False,
        callback=lambda context, parameter, name: context.meta.__setitem__(_ENVIRONMENT, name),
        help="Read conf/environments/ENV.yaml.",
    )
    warehouse = click.option(
        "--warehouse",
        metavar="FOLDER",
        callback=_warehouse,
        help="Where the tables are; by default the environment's.",
    )
    return env(warehouse(decorated))


_ENVIRONMENT = f"{__name__}.environment"


def _warehouse(context: click.Context, parameter: click.Parameter, given: str | None) -> Warehouse:
    settings = load_settings(context.meta[_ENVIRONMENT])
    register_settings(settings.storage)
    return Warehouse.at(given or settings.warehouse)
