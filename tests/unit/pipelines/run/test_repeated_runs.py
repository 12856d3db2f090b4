"""Runs come at fixed times, one at a time, and what was missed is caught up with once."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.pipelines import repeat


class Day:
    """A clock that only work and sleep move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def starts(*lasting: float, every: float) -> list[float]:
    """When runs that last so long begin, from the first on."""
    day, begun, left = Day(), list[float](), list(lasting)

    def work() -> None:
        begun.append(day.now - 1000)
        if not left:
            raise KeyboardInterrupt
        day.now += left.pop(0)

    with pytest.raises(KeyboardInterrupt):
        repeat(work, every=dt.timedelta(seconds=every), clock=day, sleep=day.sleep)
    return begun


def test_quick_runs_begin_at_fixed_times() -> None:
    assert starts(1, 9.5, 0, every=10) == [0, 10, 20, 30]


def test_a_run_that_misses_times_is_followed_by_one_at_once_and_then_by_the_next_time() -> None:
    assert starts(35, 1, 1, every=10) == [0, 35, 40, 50]
    assert starts(10, 1, every=10) == [0, 10, 20], "a run that takes just the time has missed nothing"


def second_by_second(lasting: list[int], every: int) -> list[int]:
    """The same, told by somebody who looks at a clock each second and remembers one missed time at most."""
    begun, left, busy_until, is_due, now = list[int](), list(lasting), 0, False, 0
    while len(begun) <= len(lasting):
        is_due = is_due or now % every == 0
        if is_due and now >= busy_until:
            begun.append(now)
            is_due = False
            busy_until = now + (left.pop(0) if left else 0)
        now += 1
    return begun


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(1, 20))
def test_runs_begin_as_somebody_with_a_clock_would_begin_them(lasting: list[int], every: int) -> None:
    assert starts(*lasting, every=every) == second_by_second(lasting, every)
