"""Tables run after what they need, side by side where they can, and not at all behind a failure."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import LakehouseError
from lakehouse.pipelines import Failed, NothingNew, Outcome, Skipped, TableTimeoutError
from lakehouse.pipelines.run.control import RunControl
from lakehouse.pipelines.run.schedule import run_in_order, tables_at_once
from lakehouse.pipelines.run.seats import Seats

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


class Clock:
    """Moves by an hour with each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 3600
        return self.now


def test_a_table_that_does_not_end_when_its_time_is_up_is_given_up() -> None:
    control = RunControl({"a": dt.timedelta(seconds=5)}, clock=Clock())
    released, done, late = threading.Event(), list[Outcome](), list[LakehouseError | None]()

    def work(name: str) -> Outcome:
        with control.working(name):
            if name == "a":
                released.wait(timeout=30)
                late.append(control.reason(name))
        return NothingNew(table=name)

    inputs = {"a": frozenset[str](), "b": frozenset({"a"}), "c": frozenset[str]()}
    run_in_order(inputs, list(inputs), at_once=4, work=work, finish=done.append, control=control)
    released.set()
    by_table = {outcome.table: outcome for outcome in done}
    failed = by_table["a"]
    assert isinstance(failed, Failed)
    assert str(failed.error).startswith("'a' was stopped after 5 s, and is as it was before. Fix: ")
    assert by_table["b"] == Skipped(table="b", because="a")
    assert by_table["c"] == NothingNew(table="c")
    while not late:
        released.wait(timeout=0.01)
    assert isinstance(late[0], TableTimeoutError), "what it does after that is stopped at its next step"


def test_work_is_told_to_end_and_waited_for_when_the_run_is_stopped() -> None:
    control, ended = RunControl({}), list[str]()

    def work(name: str) -> Outcome:
        while control.reason(name) is None:
            control.pause(30)
        ended.append(str(control.reason(name)))
        return NothingNew(table=name)

    def finish(outcome: Outcome) -> None:
        raise KeyboardInterrupt("SIGTERM")

    def quick_or_long(name: str) -> Outcome:
        return NothingNew(table=name) if name == "quick" else work(name)

    inputs = {"long": frozenset[str](), "quick": frozenset[str]()}
    with pytest.raises(KeyboardInterrupt):
        run_in_order(inputs, list(inputs), at_once=4, work=quick_or_long, finish=finish, control=control)
    assert ended == [
        "the run was stopped by SIGTERM; tables that were in work are as they were. "
        "Fix: run again: the next run finishes their batches."
    ]


def test_no_more_tables_are_in_work_than_may_be() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def work(name: str) -> Outcome:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1
        return NothingNew(table=name)

    inputs = {str(number): frozenset[str]() for number in range(9)}
    run_in_order(inputs, list(inputs), at_once=3, work=work, finish=lambda outcome: None)
    assert 1 <= most[0] <= 3


def test_a_table_that_pauses_before_its_next_try_leaves_its_seat_to_another() -> None:
    control, second_ran = RunControl({}), threading.Event()
    order: list[str] = []

    def work(name: str) -> Outcome:
        if name == "pauses":
            while not second_ran.is_set():
                control.pause(0.01)
        else:
            second_ran.set()
        order.append(name)
        return NothingNew(table=name)

    inputs = {"pauses": frozenset[str](), "second": frozenset[str]()}
    run_in_order(inputs, list(inputs), at_once=1, work=work, finish=lambda outcome: None, control=control)
    assert order == ["second", "pauses"]


def test_a_table_that_comes_back_is_before_one_that_begins_and_beside_no_more_than_may_be() -> None:
    seats, back, ended = Seats(1), threading.Event(), threading.Event()
    assert seats.take()

    def pause() -> None:
        with seats.away():
            back.wait(timeout=10)
        ended.set()

    thread = threading.Thread(target=pause, daemon=True)
    thread.start()
    while not seats.take():
        pass  # until it has left
    back.set()
    assert not ended.wait(timeout=0.05), "its seat is taken"
    seats.leave()
    assert ended.wait(timeout=10)
    assert not seats.take(), "it is back in it"


def test_a_table_that_pauses_ends_at_once_when_the_run_is_stopped() -> None:
    control, paused, ended = RunControl({}), threading.Event(), list[str]()

    def work(name: str) -> Outcome:
        if name == "pauses":
            paused.set()
            control.pause(30)
            ended.append(name)
        elif paused.wait(timeout=10):
            raise KeyboardInterrupt("SIGTERM")
        return NothingNew(table=name)

    inputs = {"pauses": frozenset[str](), "stops": frozenset[str]()}
    with pytest.raises(KeyboardInterrupt):
        run_in_order(inputs, list(inputs), at_once=1, work=work, finish=lambda outcome: None, control=control)
    assert ended == ["pauses"]
