"""The arguments of the verbs that look at one version of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lakehouse.cli.output import json_option

__all__ = ["at_version"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def at_version(function: _Command) -> _Command:
    """Give a command PATH, ``--version``, ``--timestamp`` and ``--json``, in this order."""
    for decorate in (
        json_option(by_line=True),
        click.option(
            "--timestamp",
            help="The version at a time: ISO 8601 with a time zone; a day means its end in UTC.",
        ),
        click.option("--version", type=click.IntRange(min=0), help="A version; the latest by default."),
        click.argument("path"),
    ):
        function = decorate(function)
    return function
