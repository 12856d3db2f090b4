"""Runs a definition as a stream, until what there is is taken, or until somebody stops it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.modes import stream_problems
from lakehouse.pipelines.check.selection import select_tables
from lakehouse.pipelines.check.validation import existing_schema, resolve
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.errors import ConnectStreamError, DefinitionErrors, InvalidTriggerError
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, Outcome
from lakehouse.pipelines.record.progress import ProgressLog, StreamProgress
from lakehouse.pipelines.refresh.open_tables import OpenTables, TableEngine
from lakehouse.pipelines.run.lock import run_lock, stream_lock
from lakehouse.pipelines.run.runner import SessionOpener
from lakehouse.pipelines.run.streams.checkpoints import Checkpoint
from lakehouse.pipelines.run.streams.lane_work import LaneWork
from lakehouse.pipelines.run.streams.lanes import lanes_of
from lakehouse.pipelines.run.streams.micro_batches import MicroBatches, StreamSubject
from lakehouse.pipelines.run.streams.stop import StreamStop
from lakehouse.pipelines.run.streams.turns import Turns
from lakehouse.pipelines.run.streams.waking import Waker
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.settings import CatalogSettings
from lakehouse.tables import NativeTable

__all__ = ["StreamMode", "StreamResult", "stream_pipeline"]

_log = logging.getLogger(__name__)

StreamMode = Literal["available-now", "continuous"]

_LOOK_SECONDS = 60.0
"""So often a lane looks by itself for what its sources' frames don't tell, such as a file that was written over."""
_QUERY_SECONDS = 1.0
_LAST_QUERY_SECONDS = 0.05
"""How often it is looked whether the queries go, while they are to go on and while they are to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResult:
    """All that came of a stream."""

    progress: StreamProgress
    seconds: float
    outcomes: Mapping[str, Outcome]
    """How each table ended at last, where something was done."""

    @property
    def failures(self) -> tuple[Failed, ...]:
        """The tables that failed when they were last tried."""
        return tuple(each for each in self.outcomes.values() if isinstance(each, Failed))

    @property
    def breaks_strictness(self) -> bool:
        """Whether a table that is ``strict`` set an input aside."""
        return any(table.breaks_strictness for table in self.progress.tables.values())


def stream_pipeline(
    definition: PipelineDefinition,
    *,
    spark: SparkSession | SessionOpener,
    warehouse: str | Path | Warehouse,
    mode: StreamMode = "continuous",
    trigger: str | dt.timedelta = "10 seconds",
    variables: Mapping[str, Any] | None = None,
    select: Sequence[str] = (),
    reset: Sequence[str] = (),
    retries: int = 2,
    timeout: dt.timedelta | None = None,
    catalog: CatalogSettings | None = None,
    listener: RunListener | None = None,
    engine: TableEngine = NativeTable,
    stop: StreamStop | None = None,
) -> StreamResult:
    """Refresh the selected tables whenever something comes for them, and return how each ended at last.

    ``available-now`` ends when all is taken that there is; ``continuous`` looks at each ``trigger``, until ``stop``
    is asked: then the micro-batches at work are finished. A KeyboardInterrupt ends them at once.

    Each micro-batch is decided, written and recorded as a run is: the tables are the state, and a run beside the
    stream takes turns with it. One stream of a pipeline goes in a warehouse at a time: RunHeldError says who has it.
    A table that fails is tried again after a pause that grows, and the others go on.

    ``reset`` names tables whose checkpoint is forgotten first; it is refused where it was made for something else
    (ForeignCheckpointError) or for another source (ChangedCheckpointError). Whatever wakes a table again, it takes
    nothing twice.
    """
    filled = definition.with_variables(variables or {}).resolved()
    graph = graph_of(filled)
    if problems := [*graph.problems, *declaration_problems(filled), *stream_problems(filled)]:
        raise DefinitionErrors(problems)
    every = trigger if isinstance(trigger, dt.timedelta) else duration(trigger)
    if not every or mode not in get_args(StreamMode):
        raise InvalidTriggerError(trigger=str(trigger), mode=mode)
    home = warehouse if isinstance(warehouse, Warehouse) else Warehouse.at(warehouse)
    stop = stop or StreamStop()
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    selected = select_tables(graph, select)
    with stream_lock(home, filled.name).held():
        forgotten = select_tables(graph, reset) if reset else frozenset()
        checkpoints = _checkpoints(filled, graph, home, selected, forgotten=forgotten)
        session = spark(expected_bytes=None) if callable(spark) else spark
        _check_session(session)
        find = partial(existing_schema, home, rebuilt=frozenset())
        resolve(filled, session, existing=find, warehouse=home).check()
        progress = ProgressLog(
            home,
            StreamProgress(
                pipeline=filled.name,
                stream=uuid.uuid4().hex,
                mode=mode,
                trigger_seconds=every.total_seconds(),
                started_at=now,
                updated_at=now,
            ),
        )
        subject = StreamSubject(
            definition=filled,
            graph=graph,
            warehouse=home,
            stream=progress.now.stream,
            mode=mode,
            spark=session,
            listener=listener or RunListener(),
            engine=engine,
            retries=retries,
            timeout=timeout,
            catalog=catalog,
            progress=progress,
            turns=Turns(run_lock(home, filled.name), gives_up=lambda: stop.is_asked),
        )
        return _Stream(subject, sorted(selected), checkpoints, stop, every=every).run()


def _checkpoints(
    definition: PipelineDefinition,
    graph: TableGraph,
    warehouse: Warehouse,
    selected: Collection[str],
    *,
    forgotten: Collection[str],
) -> Mapping[str, Checkpoint]:
    """Return the checkpoints of the tables that read nothing that the stream itself refreshes, by table."""
    of = {
        name: Checkpoint(warehouse=warehouse, pipeline=definition.name, table=graph.tables[name])
        for name in graph.order
    }
    for name in sorted(forgotten):
        of[name].reset()
    heads = {
        name: each for name, each in of.items() if name in selected and not graph.inputs[name] & set(selected)
    }
    for checkpoint in heads.values():
        checkpoint.check()
    return heads


def _check_session(session: SparkSession) -> None:
    if is_remote() or not isinstance(session, SparkSession):
        raise ConnectStreamError


class _Stream:
    """One stream, from its first look to its last."""

    def __init__(
        self,
        subject: StreamSubject,
        selected: Sequence[str],
        checkpoints: Mapping[str, Checkpoint],
        stop: StreamStop,
        *,
        every: dt.timedelta,
    ) -> None:
        self._subject = subject
        self._checkpoints = checkpoints
        self._stop = stop
        self._every = every
        self._is_continuous = subject.mode == "continuous"
        self._started = time.monotonic()
        self._error: BaseException | None = None
        self._work: list[MicroBatches] = []
        self._lanes: list[LaneWork] = []
        for lane in lanes_of(subject.graph, selected):
            work = MicroBatches(subject)
            self._work.append(work)
            seconds = every.total_seconds()
            look_seconds = max(_LOOK_SECONDS, seconds)
            self._lanes.append(LaneWork(lane, work, stop, pause_seconds=seconds, look_seconds=look_seconds))
        self._wakers: dict[str, tuple[Waker, LaneWork]] = {}

    def run(self) -> StreamResult:
        listener, progress = self._subject.listener, self._subject.progress
        listener.stream_started(progress.begin())
        ended_by = ""
        try:
            self._start_wakers()
            if self._is_continuous:
                self._go_on()
            else:
                self._take_what_there_is()
            ended_by = self._stop.by
        except BaseException as error:
            ended_by = str(error) or type(error).__name__
            self._stop.ask(ended_by)
            for work in self._work:
                work.abort(ended_by)
            raise
        finally:
            self._stop.ask(ended_by or "itself")
            for lane in self._lanes:
                lane.finish()
            for waker, _ in self._wakers.values():
                waker.end()
            listener.stream_ended(progress.end(ended_by or "itself"))
        if self._error is not None:
            raise self._error
        outcomes = {name: outcome for work in self._work for name, outcome in work.outcomes.items()}
        return StreamResult(
            progress=progress.now, seconds=time.monotonic() - self._started, outcomes=outcomes
        )

    def _start_wakers(self) -> None:
        context = self._subject.context((), lambda table, step: None, OpenTables())
        for lane in self._lanes:
            if lane.lane.goes_by_the_clock:
                continue
            for name in lane.lane.tables:
                if name not in self._checkpoints:
                    continue
                arrivals = self._subject.graph.tables[name].flow.source.arrivals(context, name)
                if arrivals is not None:
                    waker = Waker(arrivals, partial(lane.wake, (name,)), stop=self._stop, failed=self._fail)
                    self._wakers[name] = (waker, lane)
        for name, (waker, _) in self._wakers.items():
            waker.start(
                name=f"{self._subject.definition.name} {name} {self._subject.stream[:8]}",
                checkpoint=self._checkpoints[name].location(waker.kind),
                every=self._every if self._is_continuous else None,
            )

    def _take_what_there_is(self) -> None:
        while any(waker.is_active for waker, _ in self._wakers.values()):
            if self._stop.wait(_LAST_QUERY_SECONDS):
                return
        self._say_what_ended()
        for lane in self._lanes:
            lane.look()

    def _go_on(self) -> None:
        threads = [
            threading.Thread(target=self._look_by_the_clock, args=(lane,), daemon=True, name="lakehouse lane")
            for lane in self._lanes
        ]
        for thread in threads:
            thread.start()
        while not self._stop.wait(_QUERY_SECONDS):
            self._say_what_ended()
        for thread in threads:
            thread.join()

    def _look_by_the_clock(self, lane: LaneWork) -> None:
        while not self._stop.wait(min(1.0, lane.seconds_to_look)):
            if lane.seconds_to_look == 0.0:
                try:
                    lane.look()
                except BaseException as error:  # noqa: BLE001 - the stream raises it
                    self._fail(error)

    def _say_what_ended(self) -> None:
        """Have lanes look at each trigger whose queries ended by an error, which is said once."""
        for name, (waker, lane) in list(self._wakers.items()):
            if waker.is_active or not (why := waker.why_ended()):
                continue
            del self._wakers[name]
            _log.warning(
                "Nothing wakes %r any more, and it is looked at each trigger: %s "
                "Fix: where its checkpoint is damaged, run once with --reset %s.",
                name,
                why,
                name,
            )
            lane.look_often(self._every.total_seconds())

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._stop.ask("an error")
