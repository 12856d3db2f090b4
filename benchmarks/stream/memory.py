"""How much memory a process and all that it started hold."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["resident_mib"]


def resident_mib(pid: int) -> Mapping[str, float]:
    """Return the resident memory by program, ``java`` and ``python``."""
    found: dict[str, float] = defaultdict(float)
    for each in _tree(pid):
        try:
            pages = int(Path(f"/proc/{each}/statm").read_text().split()[1])
            program = "java" if "java" in Path(f"/proc/{each}/comm").read_text() else "python"
        except (OSError, IndexError):
            continue  # it has ended meanwhile
        found[program] += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return found


def _tree(pid: int) -> Iterator[int]:
    """Yield a process and all that it started and that live."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield from _tree(int(child))
