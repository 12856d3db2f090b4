"""How a figure is taken and shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

__all__ = ["seconds_of", "show"]


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long an action takes by the clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def show(title: str, lines: Iterator[Sequence[str]]) -> None:
    """Print a table; the first line names its columns."""
    table = Table(*next(lines), title=title)
    for line in lines:
        table.add_row(*line)
    Console().print(table)
