"""How files are spread over Spark's tasks: by their bytes, so that many small files share a task."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

__all__ = ["spread"]

_MOST_TASKS = 2_000


def spread(costs: Sequence[int], *, task_bytes: int) -> list[int]:
    """Return the task of each file; tasks are numbered from 0, and none of them is left without a file.

    A task gets about ``task_bytes`` of the files' costs.
    """
    tasks = min(len(costs), max(1, -(-sum(costs) // task_bytes)), _MOST_TASKS)
    loads = [(0, task) for task in range(tasks)]
    task_of = [0] * len(costs)
    # The largest first, each to the task with the least so far: no task gets much more than another.
    for at in sorted(range(len(costs)), key=lambda at: -costs[at]):
        load, task = loads[0]
        task_of[at] = task
        heapq.heapreplace(loads, (load + costs[at], task))
    return task_of
