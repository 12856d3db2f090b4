"""A lane takes a micro-batch at a time, for all who asked meanwhile; a table that failed waits longer each time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection

import pytest

from lakehouse.errors import StorageError
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    Outcome,
    Refreshed,
    RunResult,
    StreamStop,
    from_files,
    from_rate,
    graph_of,
    read,
)
from lakehouse.pipelines.run.streams.lane_work import LaneWork
from lakehouse.pipelines.run.streams.lanes import Lane

GRAPH = graph_of(
    DeclarativePipelineBuilder("shop")
    .bronze("orders", from_rate())
    .bronze("people", from_rate())
    .silver("sales", read("orders", incremental=True).append())
    .build()
)
TABLES = ("orders", "people", "sales")


class Work:
    """Micro-batches that are only counted."""

    graph = GRAPH

    def __init__(self, during: Callable[[], None] = lambda: None) -> None:
        self.taken: list[set[str]] = []
        self.failing: set[str] = set()
        self.during = during
        self.broken: list[str] = []
        self.parts_left = 0

    def take(self, names: Collection[str]) -> RunResult | None:
        self.taken.append(set(names))
        self.during()
        outcomes: dict[str, Outcome] = {
            name: Failed(table=name, error=ValueError(), seconds=0) for name in names if name in self.failing
        }
        if "parts" in names and self.parts_left:
            self.parts_left -= 1
            outcomes["parts"] = Refreshed(table="parts", refreshes=())
        now = dt.datetime.now(dt.UTC)
        return RunResult(run_id="", pipeline="shop", started_at=now, seconds=0, outcomes=outcomes)

    def failed(self, names: Collection[str], error: Exception) -> None:
        self.broken += names

    def survives(self, error: BaseException) -> bool:
        return isinstance(error, StorageError)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lane_of(work: Work, clock: Clock, *, stop: StreamStop | None = None, **periods: dt.timedelta) -> LaneWork:
    lane = Lane(tables=TABLES, periods=periods)
    return LaneWork(lane, work, stop or StreamStop(), pause_seconds=10, look_seconds=60, clock=clock)  # type: ignore[arg-type]


def test_a_table_that_is_woken_takes_with_it_all_that_need_it() -> None:
    work = Work()
    lane_of(work, Clock()).wake(["orders"])
    assert work.taken == [{"orders", "sales"}]


def test_what_a_woken_table_reads_beside_is_looked_at_before_it() -> None:
    work = Work()
    joined = read("orders", incremental=True).join(read("people"), on="value").append()
    builder = DeclarativePipelineBuilder("shop").bronze("orders", from_rate()).bronze("people", from_rate())
    work.graph = graph_of(builder.bronze("clicks", from_rate()).silver("sales", joined).build())
    lane = LaneWork(
        Lane(tables=("orders", "people", "clicks", "sales"), periods={}),
        work,  # type: ignore[arg-type]
        StreamStop(),
        pause_seconds=10,
        look_seconds=60,
    )
    lane.wake(["orders"])
    assert work.taken == [{"orders", "people", "sales"}]


def test_those_who_ask_during_a_micro_batch_share_the_next_one() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(30)

    work = Work(during=wait)
    lane = lane_of(work, Clock())
    threads = [threading.Thread(target=lane.wake, args=(["orders"],))]
    threads[0].start()
    assert begun.wait(30)
    threads += [threading.Thread(target=lane.wake, args=([name],)) for name in ("people", "orders", "people")]
    for thread in threads[1:]:
        thread.start()
    while lane._woken != {"people", "orders"}:
        pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert work.taken == [{"orders", "sales"}, {"people", "orders", "sales"}]


def test_a_table_that_failed_is_tried_again_after_a_pause_that_doubles_and_the_others_go_on() -> None:
    work, clock = Work(), Clock()
    lane = lane_of(work, clock)
    work.failing = {"orders"}
    lane.look()
    clock.now += 19
    lane.look()
    assert work.taken[-1] == {"people", "sales"}
    clock.now += 2
    lane.look()
    assert "orders" in work.taken[-1]
    clock.now += 39
    lane.look()
    assert "orders" not in work.taken[-1]
    clock.now += 2
    work.failing = set()
    lane.look()
    lane.look()
    assert work.taken[-1] == {"orders", "people", "sales"}


def test_a_table_by_the_clock_is_taken_when_it_is_due_and_not_before() -> None:
    work, clock = Work(), Clock()
    lane = lane_of(work, clock, sales=dt.timedelta(minutes=5))
    assert lane.seconds_to_look == 0
    lane.look()
    clock.now += 60
    assert lane.seconds_to_look == 0
    lane.look()
    assert [each & {"sales"} for each in work.taken] == [{"sales"}, set()]
    clock.now += 240
    lane.look()
    assert "sales" in work.taken[-1]


def test_a_table_by_the_clock_that_takes_parts_goes_on_until_nothing_is_left() -> None:
    parts = from_files("*.csv", columns=("id",), max_files=1).append()
    work, clock = Work(), Clock()
    work.graph = graph_of(DeclarativePipelineBuilder("shop").bronze("parts", parts).build())
    work.parts_left = 3
    lane = LaneWork(
        Lane(tables=("parts",), periods={"parts": dt.timedelta(minutes=5)}),
        work,  # type: ignore[arg-type]
        StreamStop(),
        pause_seconds=10,
        look_seconds=60,
        clock=clock,
    )
    lane.look()
    assert len(work.taken) == 4, "three parts, and a look that finds nothing"
    clock.now += 60
    lane.look()
    assert len(work.taken) == 4
    clock.now += 241
    lane.look()
    assert len(work.taken) == 5


def test_nothing_begins_once_the_end_is_asked_for() -> None:
    work, stop = Work(), StreamStop()
    lane = lane_of(work, Clock(), stop=stop)
    stop.ask("SIGTERM")
    lane.wake(["orders"])
    lane.look()
    assert work.taken == []
    assert stop.by == "SIGTERM"


def test_a_store_that_fails_ends_a_micro_batch_and_a_mistake_in_code_the_stream() -> None:
    def fail(error: Exception) -> Callable[[], None]:
        def raise_it() -> None:
            raise error

        return raise_it

    work, clock = Work(during=fail(StorageError("away"))), Clock()
    lane = lane_of(work, clock)
    lane.look()
    lane.look()
    assert len(work.taken) == 1, "all pause"
    assert set(work.broken) == set(TABLES), "the stream knows of it at its end"
    clock.now += 100
    work.during = fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        lane.look()


def test_a_lane_that_nothing_wakes_any_more_looks_at_each_trigger() -> None:
    clock = Clock()
    lane = lane_of(Work(), clock)
    lane.look()
    assert lane.seconds_to_look == 60
    lane.look_often(10)
    assert lane.seconds_to_look == 10
    clock.now += 10
    lane.look()
    assert lane.seconds_to_look == 10
