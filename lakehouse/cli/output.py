"""How every verb prints its answer: text for people, or JSON for programs when ``--json`` is given.

An answer that is one thing is one indented JSON document; a list that may be long is one JSON object a line.
A table is text in columns, so that it can be read, copied and cut by programs alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click
import msgspec

from lakehouse.masking import masked

__all__ = ["Output", "json_option", "json_text"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Output:
    """Where a verb's answer goes. A verb looks at ``as_json`` and calls the methods of that form."""

    as_json: bool = False

    def document(self, value: Any) -> None:
        """Print the whole answer as one JSON document."""
        text = masked(json_text(value))
        click.echo(msgspec.json.format(text, indent=2))

    def record(self, value: Any) -> None:
        """Print one of many entries: a JSON object on a line."""
        click.echo(masked(json_text(value)))

    def line(self, text: str = "") -> None:
        """Print a line for people."""
        click.echo(masked(text))

    def lines(self, texts: Iterable[str]) -> None:
        """Print lines for people."""
        for text in texts:
            click.echo(masked(text))

    def table(
        self, headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[str] = ()
    ) -> None:
        """Print rows under headings, each column as wide as its widest text; ``numbers`` stand to the right.

        Without any heading only the rows are printed.
        """
        lines = [tuple(headings), *map(tuple, rows)] if any(headings) else [*map(tuple, rows)]
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        right = [heading in numbers for heading in headings]
        for line in lines:
            cells = map(_padded, line, widths, right)
            click.echo(masked("  ".join(cells).rstrip()))


def json_option(*, by_line: bool = False) -> Callable[[_Command], _Command]:
    """Give a command the flag ``--json``; it receives an Output as ``output``."""
    return click.option(
        "--json",
        "output",
        is_flag=True,
        callback=lambda context, parameter, given: Output(as_json=given),
        help="Print JSON, one object a line." if by_line else "Print JSON.",
    )


def json_text(value: Any) -> str:
    """Return the value as JSON on one line: bytes as base64, times in ISO 8601, any other value as its text."""
    try:
        return msgspec.json.encode(value, enc_hook=str).decode()
    except UnicodeEncodeError:  # a file's name that is not valid text
        return json.dumps(msgspec.to_builtins(value, enc_hook=str))


def _width(text: str) -> int:
    return len(click.unstyle(text))


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return f"{space}{text}" if right else f"{text}{space}"
