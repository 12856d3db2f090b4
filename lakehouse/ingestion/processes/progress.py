"""A progress bar around anything that is iterated."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

__all__ = ["with_progress"]

T = TypeVar("T")


def with_progress(outcomes: Iterable[T], *, total: int, description: str) -> Iterator[T]:
    """Yield the same outcomes; where the standard error is a terminal, a bar there says how many came."""
    console = Console(file=sys.stderr)
    yield from track(
        outcomes, total=total, description=description, console=console, disable=not console.is_terminal
    )
