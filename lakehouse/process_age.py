"""When a process of this machine began: a process's number is given out again, and this tells two of them apart."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["born_at"]


def born_at(pid: int) -> str:
    """Return when a process began, as the kernel counts; empty when there is no such process, or it has ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _some_time(pid)
    state, *numbers = status.rpartition(")")[2].split()
    return "" if state == "Z" else numbers[18]


def _some_time(pid: int) -> str:
    """Return a text for a process that runs, on a system that doesn't tell when it began; else an empty one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "some time"
