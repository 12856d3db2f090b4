"""Runs again and again at fixed times, one at a time; what was missed meanwhile is caught up with once."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

__all__ = ["repeat"]


def repeat(
    work: Callable[[], None],
    *,
    every: dt.timedelta,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call ``work`` now, and then each time that ``every`` has passed; ends only with an exception.

    The times are counted from the first. Where work takes longer than the time between two of them, it is called
    once more at once, however many times were missed.
    """
    seconds, due = every.total_seconds(), clock()
    while True:
        if (rest := due - clock()) > 0:
            sleep(rest)
        work()
        due += seconds
        if (late := clock() - due) > 0:
            due += late // seconds * seconds
