"""Numbers by the clock: what is due is counted from the first batch, whenever somebody looks."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from lakehouse.pipelines import DeclarativePipelineBuilder, InvalidStepError, NewInputs, from_rate
from lakehouse.pipelines.check.declarations import declaration_problems

BEGAN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def due(seconds: float, history: list[dict], *, rows_per_second: int = 4) -> NewInputs | None:
    clock = SimpleNamespace(now=lambda: BEGAN + dt.timedelta(seconds=seconds))
    return from_rate(rows_per_second).source.next_inputs(clock, "ticks", history)


def test_numbers_are_due_from_the_first_look_on_and_none_comes_twice() -> None:
    first = due(0, [])
    assert (first.known["after"], first.known["through"]) == (0, 1)
    assert due(0.2, [first.known]) is None
    later = due(10, [first.known])
    assert (later.known["after"], later.known["through"], later.known["began"]) == (1, 41, BEGAN.isoformat())


def test_what_waits_is_counted_and_since_when() -> None:
    waiting = due(10, [due(0, []).known]).backlog
    assert (waiting.count, waiting.unit) == (40, "records")
    assert waiting.since == BEGAN + dt.timedelta(seconds=0.25)


def test_a_rate_of_nothing_is_refused() -> None:
    definition = DeclarativePipelineBuilder("clock").bronze("ticks", from_rate(0)).build()
    (problem,) = declaration_problems(definition)
    assert isinstance(problem, InvalidStepError)
    assert "rows_per_second=0" in str(problem)
