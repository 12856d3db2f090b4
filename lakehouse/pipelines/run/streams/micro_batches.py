"""What a micro-batch is: a small run over some tables, recorded where something came of it."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.declare.sources import Backlog
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import (
    Failed,
    MicroBatch,
    NothingNew,
    Outcome,
    Refreshed,
    RunResult,
)
from lakehouse.pipelines.record.progress import ProgressLog
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.open_tables import OpenTables, TableEngine
from lakehouse.pipelines.refresh.shared_frames import shared_prefixes
from lakehouse.pipelines.run.control import RunControl, timeouts
from lakehouse.pipelines.run.listening import with_open_events
from lakehouse.pipelines.run.one_run import OneRun
from lakehouse.pipelines.run.streams.turns import Turns
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.settings import CatalogSettings
from lakehouse.tables import SPARK_ERRORS

__all__ = ["MicroBatches", "StreamSubject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSubject:
    """What a stream is about, and how its tables are refreshed; the same from its beginning to its end."""

    definition: PipelineDefinition
    graph: TableGraph
    warehouse: Warehouse
    stream: str
    mode: str
    spark: SparkSession
    listener: RunListener
    engine: TableEngine
    retries: int
    timeout: dt.timedelta | None
    catalog: CatalogSettings | None
    progress: ProgressLog
    turns: Turns
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def context(
        self, tables: Collection[str], on_step: Callable[[str, str], None], opened: OpenTables
    ) -> RefreshContext:
        """Return the context of a micro-batch over some of the tables."""
        chosen = [self.graph.tables[name] for name in tables]
        return RefreshContext(
            pipeline=self.definition.name,
            open_session=lambda: self.spark,
            warehouse=self.warehouse,
            tables=self.graph.tables,
            shared_steps=shared_prefixes(chosen, any_steps=PipelineFactory.shares_steps),
            on_step=on_step,
            engine=self.engine,
            opened=opened,
            has_session=True,
        )


class MicroBatches:
    """Takes the micro-batches of one lane, one at a time."""

    def __init__(self, subject: StreamSubject) -> None:
        self._subject = subject
        self._opened = OpenTables()
        self._control: RunControl | None = None
        self._aborted_by = ""
        self._changes = threading.Lock()
        self.outcomes: dict[str, Outcome] = {}
        """How each table ended at last, where something was done."""

    @property
    def graph(self) -> TableGraph:
        """The tables of the definition."""
        return self._subject.graph

    def take(self, names: Collection[str]) -> RunResult | None:
        """Refresh what has news of some tables, in the order of their dependence; None where nothing was to do."""
        subject = self._subject
        chosen = [subject.graph.tables[name] for name in names]
        place = MicroBatch(stream=subject.stream, mode=subject.mode, number=next(subject.numbers))
        name = f"{subject.stream}-{place.number}"
        heard = with_open_events(
            subject.listener, subject.definition, subject.graph, subject.warehouse, run_id=name
        )
        control = self._control_of(names)
        visible: dict[str, dt.datetime] = {}

        def step_done(table: str, step: str) -> None:
            if step == "publish":
                visible[table] = dt.datetime.now(dt.UTC)
            control.check(table)
            heard.step_done(table, step)

        context = subject.context(names, step_done, self._opened)
        run = OneRun(
            subject.definition,
            subject.graph,
            chosen,
            context,
            heard,
            run_id=name,
            control=control,
            retries=subject.retries,
            catalog=subject.catalog,
            has_session=True,
            micro_batch=place,
        )
        result = run.take_micro_batch(
            subject.turns.taken(), decided=lambda: self._note_backlogs(run.backlogs)
        )
        if result is None:
            subject.progress.looked(list(names), run.backlogs)
            cured = [name for name in names if isinstance(self.outcomes.get(name), Failed)]
            self.outcomes |= {name: NothingNew(table=name) for name in cured}
            return None
        self.outcomes |= {
            name: outcome
            for name, outcome in result.outcomes.items()
            if isinstance(outcome, Refreshed | Failed) or isinstance(self.outcomes.get(name), Failed)
        }
        sizes = {name: self._opened.log(context.path(name)).size_bytes_now() for name in visible}
        progress = subject.progress.note(result, run.backlogs, visible, state_bytes=sizes)
        subject.listener.stream_progressed(progress)
        return result

    def _note_backlogs(self, backlogs: Mapping[str, Backlog]) -> None:
        if backlogs:
            self._subject.listener.stream_decided(self._subject.progress.decided(backlogs))

    def failed(self, names: Collection[str], error: Exception) -> None:
        """Take in that a micro-batch over these tables failed as a whole, so that the stream ends with it."""
        self.outcomes |= {name: Failed(table=name, error=error, seconds=0.0) for name in names}
        self._subject.listener.stream_progressed(self._subject.progress.failed(names, error))

    def abort(self, by: str) -> None:
        """End what is at work, in Spark too, and begin nothing."""
        with self._changes:
            self._aborted_by, control = by, self._control
        if control is not None:
            control.stop(by)
            for table in self.graph.tables:
                control.interrupt(table)

    def survives(self, error: BaseException) -> bool:
        """Say whether a stream goes on after an error of a micro-batch as a whole: it is nobody's mistake in code."""
        return isinstance(error, (LakehouseError, OSError, *SPARK_ERRORS))

    def _control_of(self, names: Collection[str]) -> RunControl:
        tables = [self.graph.tables[name] for name in names]
        with self._changes:
            self._control = RunControl(timeouts(tables, self._subject.timeout))
            if self._aborted_by:
                self._control.stop(self._aborted_by)
            return self._control
