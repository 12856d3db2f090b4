"""Where tables are drawn."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["wide_console"]

_COLUMNS_ELSEWHERE = 160
"""Wide enough for every table of ours: what is no terminal has no edge to wrap at."""


def wide_console() -> Console:
    """Return a console as wide as the terminal, or as a table needs where there is none."""
    return Console(width=None if sys.stdout.isatty() else _COLUMNS_ELSEWHERE)
