"""Tables run after what they need, side by side where they can, and not at all behind a failure."""

from __future__ import annotations

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.pipelines import Failed, NothingNew, Outcome, Skipped
from lakehouse.pipelines.run.schedule import run_in_order, tables_at_once

GRAPHS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.lists(st.sets(st.integers(0, size - 1)), min_size=size, max_size=size),
        st.sets(st.integers(0, size - 1)),
    )
)
"""For each table, numbers of tables before it that it needs; and the tables that fail."""


@settings(deadline=None)
@given(GRAPHS)
def test_what_runs_is_all_that_no_failure_stands_before(drawn: tuple[list[set[int]], set[int]]) -> None:
    needs, failing = drawn
    inputs = {str(n): frozenset(str(m) for m in wanted if m < n) for n, wanted in enumerate(needs)}
    finished: list[Outcome] = []
    started: list[str] = []

    def work(name: str) -> Outcome:
        assert inputs[name] <= {outcome.table for outcome in finished}
        started.append(name)
        if int(name) in failing:
            return Failed(table=name, error=ValueError(), seconds=0)
        return NothingNew(table=name)

    run_in_order(inputs, list(inputs), at_once=4, work=work, finish=finished.append)
    expected: set[str] = set()
    for name, needed in inputs.items():  # each table stands after what it needs
        if needed <= {each for each in expected if int(each) not in failing}:
            expected.add(name)
    assert set(started) == expected
    assert len(started) == len(expected)
    skipped = {outcome.table for outcome in finished if isinstance(outcome, Skipped)}
    assert skipped == set(inputs) - expected
    assert len(finished) == len(inputs)


def test_tables_that_do_not_need_each_other_are_in_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(name: str) -> Outcome:
        both.wait()
        return NothingNew(table=name)

    done: list[Outcome] = []
    run_in_order({"a": frozenset(), "b": frozenset()}, ["a", "b"], at_once=4, work=work, finish=done.append)
    assert {outcome.table for outcome in done} == {"a", "b"}


def test_inputs_outside_of_the_selection_are_not_waited_for() -> None:
    done: list[Outcome] = []
    run_in_order(
        {"a": frozenset(), "b": frozenset({"a"})},
        ["b"],
        at_once=4,
        work=lambda name: NothingNew(table=name),
        finish=done.append,
    )
    assert done == [NothingNew(table="b")]


def test_more_tables_are_in_work_than_tasks_run_at_once() -> None:
    assert [tables_at_once(tasks) for tasks in (1, 2, 8, None)] == [2, 4, 16, 4]
