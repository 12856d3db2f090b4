"""A process's own part of the cache folder: its downloads, the links of its leases, its counters."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from lakehouse.cache.host_lock import open_lock_file, opened_lock_file
from lakehouse.cache.node_statistics import NodeCounters, NodeStatistics, read_counters

__all__ = ["Session", "statistics_of_all", "sweep"]

ALIVE = "alive"
COUNTERS = "counters"
PAST = "counters-of-the-past"


class Session:
    """Held by a lock on its file ``alive``, which the kernel drops when the process dies, however it dies.

    Neither a process id (reused, and another one in each container) nor a time-out would say that.
    """

    def __init__(self, sessions: Path) -> None:
        self.folder = sessions / uuid.uuid4().hex
        self.folder.mkdir(mode=0o700)
        # For as long as this process lives: a forked child closes its copy, so that it ends with the parent.
        fcntl.flock(open_lock_file(self.folder / ALIVE), fcntl.LOCK_EX)
        self.counters = NodeCounters.in_file(self.folder / COUNTERS)
        self._number = count()

    def new_path(self) -> Path:
        """Return the path of a file that does not exist yet."""
        return self.folder / f"{next(self._number)}"


def sweep(sessions: Path) -> None:
    """Remove what dead processes left, keeping their counts. Needs the host's lock."""
    for folder in _folders(sessions):
        with contextlib.suppress(OSError), opened_lock_file(folder / ALIVE) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _add_to_past(sessions, read_counters(folder / COUNTERS))
            shutil.rmtree(folder, ignore_errors=True)


def statistics_of_all(sessions: Path) -> NodeStatistics:
    """Return the sum over all processes that ever used the cache, dead ones included."""
    total = _past(sessions)
    for folder in _folders(sessions):
        total += read_counters(folder / COUNTERS)
    return total


def _folders(sessions: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        yield from [Path(entry.path) for entry in os.scandir(sessions) if entry.is_dir(follow_symlinks=False)]


def _past(sessions: Path) -> NodeStatistics:
    try:
        return NodeStatistics.from_dict(json.loads((sessions / PAST).read_bytes()))
    except (OSError, ValueError, TypeError, AttributeError):
        return NodeStatistics()


def _add_to_past(sessions: Path, statistics: NodeStatistics) -> None:
    temporary = sessions / f"{PAST}-new"
    temporary.write_text(json.dumps((_past(sessions) + statistics).as_dict()))
    temporary.rename(sessions / PAST)
