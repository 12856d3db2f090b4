"""What the processor gave to a benchmark, whatever else wanted it: seconds that other work does not stretch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cpu_seconds"]


def cpu_seconds() -> float:
    """Return the CPU time so far of this process, its JVM and all that they started; Linux only."""
    processes = {pid: (parent, ticks) for pid, parent, ticks in _processes()}
    ticks = sum(ticks for pid, (_, ticks) in processes.items() if _is_ours(pid, processes))
    return ticks / os.sysconf("SC_CLK_TCK")


def _is_ours(pid: int, processes: dict[int, tuple[int, int]]) -> bool:
    while pid in processes and pid != os.getpid():
        pid = processes[pid][0]
    return pid == os.getpid()


def _processes() -> Iterator[tuple[int, int, int]]:
    """Yield each process, its parent, and its time in ticks with that of children that have ended."""
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                fields = (path / "stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue  # it has ended
            # state ppid …; 11 to 14 are utime, stime, cutime and cstime (proc(5), counted behind the name)
            yield int(path.name), int(fields[1]), sum(map(int, fields[11:15]))
