"""Runs a definition: what is to be done is decided, the definition checked, and each table refreshed in its turn."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from lakehouse.cache import NodeStatistics
from lakehouse.errors import LakehouseError
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.lineage import kept_lineage
from lakehouse.pipelines.check.selection import rebuilt_tables, select_tables
from lakehouse.pipelines.check.validation import existing_schema, resolve
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.errors import DefinitionErrors, RunStoppedError
from lakehouse.pipelines.open_events import Listeners, RunSubject, listeners_from_environment
from lakehouse.pipelines.record.cache_use import CacheUse
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult
from lakehouse.pipelines.record.result_table import result_html
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.decision import Decision, Rest
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.open_tables import TableEngine
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.refresh.shared_frames import shared_prefixes
from lakehouse.pipelines.run.control import RunControl
from lakehouse.pipelines.run.lock import run_lock
from lakehouse.pipelines.run.naming import register_tables
from lakehouse.pipelines.run.notebook import listener_of_this_place
from lakehouse.pipelines.run.schedule import run_in_order, tables_at_once
from lakehouse.pipelines.run.tries import Tries
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.settings import CatalogSettings
from lakehouse.tables import CatalogError, NativeTable, TakenNameError, parallelism

__all__ = ["SessionOpener", "run_pipeline"]

_log = logging.getLogger(__name__)


class SessionOpener(Protocol):
    """Opens the session of a run."""

    def __call__(self, *, expected_bytes: int | None) -> SparkSession:
        """Return a session for work that reads no more than ``expected_bytes``; None when nobody can say."""


def run_pipeline(
    definition: PipelineDefinition,
    *,
    spark: SparkSession | SessionOpener,
    warehouse: str | Path | Warehouse,
    variables: Mapping[str, Any] | None = None,
    select: Sequence[str] = (),
    full_refresh: Sequence[str] = (),
    accept_loss: bool = False,
    retries: int = 2,
    timeout: dt.timedelta | None = None,
    exclusive: bool = True,
    catalog: CatalogSettings | None = None,
    listener: RunListener | None = None,
    engine: TableEngine = NativeTable,
    run_id: str | None = None,
) -> RunResult:
    """Refresh the selected tables (all by default) and return how each ended; a failed table raises nothing.

    ``full_refresh`` selects tables to rebuild from all of their inputs; readers keep the old version until the
    new one is whole. One whose inputs are gone in part fails, unless ``accept_loss`` lets their rows go.

    A table that meets a fault that passes by itself is tried again, ``retries`` times, after a pause that grows.
    ``timeout`` is how long each table may take that doesn't say so itself. One run of a pipeline works in a
    warehouse at a time: RunHeldError says who is at it, unless the run is not ``exclusive``.

    ``run_id`` is the run's name in the event log and for listeners, by default one that nobody else has.

    With a ``catalog`` the tables have names there afterwards: ``spark.table("gold.daily_revenue")``.

    ``listener`` hears how the run goes; in a notebook a table shows it, where nobody else listens.

    ``spark`` may be what opens a session: it is called only when there is something to do. The whole
    definition is checked first, without reading data: DefinitionErrors has everything that is wrong.
    """
    filled = definition.with_variables(variables or {}).resolved()
    graph = graph_of(filled)
    if problems := [*graph.problems, *declaration_problems(filled)]:
        raise DefinitionErrors(problems)
    rebuilt = rebuilt_tables(graph, full_refresh, accepts_loss=accept_loss)
    selected = select_tables(graph, select) | rebuilt.tables
    chosen = [graph.tables[name] for name in graph.order if name in selected]
    home = warehouse if isinstance(warehouse, Warehouse) else Warehouse.at(warehouse)
    name = run_id or uuid.uuid4().hex
    heard = _with_open_events(listener, filled, graph, home, run_id=name)
    control = RunControl(_timeouts(chosen, timeout))

    def step_done(table: str, step: str) -> None:
        control.check(table)
        heard.step_done(table, step)

    def open_session() -> SparkSession:
        # Not by class: a session of a Connect server has another one.
        return spark(expected_bytes=run.expected_bytes()) if callable(spark) else spark

    context = RefreshContext(
        pipeline=filled.name,
        open_session=cache(open_session),
        warehouse=home,
        tables=graph.tables,
        shared_steps=shared_prefixes(chosen, any_steps=PipelineFactory.shares_steps),
        on_step=step_done,
        engine=engine,
        rebuilt=rebuilt,
    )
    run = _Run(filled, graph, chosen, context, heard, control=control, retries=retries, catalog=catalog)
    run.run_id = name
    run.has_session = not callable(spark)
    with run_lock(context.warehouse, filled.name).held() if exclusive else nullcontext():
        return run.run()


def _with_open_events(
    listener: RunListener | None,
    definition: PipelineDefinition,
    graph: TableGraph,
    warehouse: Warehouse,
    *,
    run_id: str,
) -> RunListener:
    """Return the listener beside those of this place and of the environment, which can't fail the run."""
    subject = RunSubject(
        run_id=run_id,
        pipeline=definition.name,
        graph=graph,
        warehouse=warehouse,
        lineage=cache(partial(kept_lineage, warehouse, definition)),
    )
    others = listeners_from_environment(subject, os.environ)
    if listener is None:
        return Listeners(RunListener(), [listener_of_this_place(), *others])
    return Listeners(listener, others) if others else listener


def _timeouts(tables: Sequence[TableDefinition], default: dt.timedelta | None) -> Mapping[str, dt.timedelta]:
    """Return how long tables may take, by name; those that may take as long as they like are left out."""
    own = {table.name: duration(table.options.timeout or "") or default for table in tables}
    return {name: length for name, length in own.items() if length is not None}


class _Run:
    """One run, from its first look at the tables to its events."""

    def __init__(
        self,
        definition: PipelineDefinition,
        graph: TableGraph,
        chosen: Sequence[TableDefinition],
        context: RefreshContext,
        listener: RunListener,
        *,
        control: RunControl,
        retries: int,
        catalog: CatalogSettings | None,
    ) -> None:
        self.has_session = False
        """Whether a session is at hand that nobody has to start."""
        self.run_id = ""
        self._catalog = catalog
        self._warnings: list[str] = []
        self._control = control
        self._tries = Tries(control=control, retries=retries)
        self._definition = definition
        self._graph = graph
        self._context = context
        self._listener = listener
        factory = PipelineFactory(context)
        self._every = {table.name: factory.create(table.layer, table) for table in definition.tables}
        self._pipelines = {table.name: self._every[table.name] for table in chosen}
        self._decisions: dict[str, Decision] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._started_at, self._started = dt.datetime.now(dt.UTC), time.monotonic()

    def expected_bytes(self) -> int | None:
        """Return the most that the run reads: what is new outside, and all tables as they stand; None if unknown."""
        outside = [decision.outside_bytes for decision in self._decisions.values()]
        if len(outside) < len(self._pipelines) or None in outside:
            return None
        logs = (pipeline.log.snapshot() for pipeline in self._every.values())
        return sum(filter(None, outside)) + sum(log.totals.size_bytes for log in logs if log is not None)

    def run(self) -> RunResult:
        """Run, and keep the record of it; also of a run that stops with an error."""
        self._listener.run_started(self._definition.name, list(self._pipelines))
        try:
            result = self._result(cache_use=self._refresh())
            EventLog(self._context.warehouse).append(result)
        except BaseException as error:
            is_stopped = isinstance(error, KeyboardInterrupt)
            self._record_failure(RunStoppedError(by=str(error) or "Ctrl-C") if is_stopped else error)
            self._listener.run_failed(error)
            raise
        result = dataclasses.replace(result, seconds=time.monotonic() - self._started)
        self._listener.run_finished(result)
        return result

    def _refresh(self) -> NodeStatistics | None:
        self._decide()
        if not self._something_to_do():
            for name, pipeline in self._pipelines.items():
                pipeline.describe()
                pipeline.tidy()
                self._finish(self._outcome_at_rest(name))
            if self.has_session:
                self._register_names()
            return None
        self._check_definition()
        self._control.session = self._context.spark
        cache_use = CacheUse(self._context.spark)
        try:
            run_in_order(
                self._graph.inputs,
                list(self._pipelines),
                at_once=tables_at_once(parallelism(self._context.spark)),
                work=self._outcome_of,
                finish=self._finish,
                control=self._control,
            )
        finally:
            self._context.shared.release()
            self._context.settled.release()
        self._register_names()
        return cache_use.so_far()

    def _register_names(self) -> None:
        """Give the tables of the run their names; where a catalog doesn't take them, the run goes on and says so."""
        if self._catalog is None:
            return
        declared = [self._graph.tables[name] for name in self._pipelines]
        tables = [(table.layer, table.folder) for table in declared]
        try:
            register_tables(self._context.spark, self._context.warehouse, catalog=self._catalog, only=tables)
        except (CatalogError, TakenNameError) as error:
            self._warnings.append(str(error))

    def _decide(self) -> None:
        """Decide about every table as it stands now; one whose decision fails is asked again in its turn."""
        for name, pipeline in self._pipelines.items():
            try:
                self._decisions[name] = pipeline.decide()
            except Exception as error:  # noqa: BLE001 - it fails that table, in its turn
                _log.debug("The decision about %s fails: %s", name, error)

    def _something_to_do(self) -> bool:
        return any(
            not isinstance(self._decisions.get(name), Rest) or pipeline.is_redefined
            for name, pipeline in self._pipelines.items()
        )

    def _check_definition(self) -> None:
        if self._was_checked():
            return
        warehouse, rebuilt = self._context.warehouse, self._context.rebuilt.tables
        find = partial(existing_schema, warehouse, rebuilt=rebuilt)
        resolve(self._definition, self._context.spark, existing=find, warehouse=warehouse).check()

    def _was_checked(self) -> bool:
        """Say whether an earlier run resolved the same definition: each table's last batch has its fingerprint."""
        return all(
            pipeline.newest_batch is not None and not pipeline.is_redefined
            for pipeline in self._every.values()
        )

    def _outcome_at_rest(self, name: str) -> Outcome:
        started = time.monotonic()
        try:
            self._pipelines[name].check_at_rest()
        except LakehouseError as error:
            return Failed(table=name, error=error, seconds=time.monotonic() - started)
        return NothingNew(table=name)

    def _outcome_of(self, name: str) -> Outcome:
        started = time.monotonic()
        try:
            with self._control.working(name):
                refreshes = self._tries.of(name, partial(self._refreshes, name))
        except Exception as error:  # noqa: BLE001 - the run goes on with the tables that don't need this one
            return Failed(table=name, error=error, seconds=time.monotonic() - started)
        return Refreshed(table=name, refreshes=tuple(refreshes)) if refreshes else NothingNew(table=name)

    def _refreshes(self, name: str, attempt: int) -> Sequence[Refresh]:
        """Do what was decided at first; decide again about a table that failed, or whose inputs this run refreshed."""
        moved = any(isinstance(self._outcomes.get(need), Refreshed) for need in self._graph.inputs[name])
        is_decided = name in self._decisions and not moved and attempt == 0
        decision = self._decisions[name] if is_decided else self._pipelines[name].decide()
        return self._pipelines[name].refresh(decision)

    def _finish(self, outcome: Outcome) -> None:
        self._outcomes[outcome.table] = outcome
        self._listener.table_finished(outcome)

    def _result(
        self, *, cache_use: NodeStatistics | None = None, error: BaseException | None = None
    ) -> RunResult:
        return RunResult(
            run_id=self.run_id,
            pipeline=self._definition.name,
            started_at=self._started_at,
            seconds=time.monotonic() - self._started,
            outcomes={name: self._outcomes[name] for name in self._pipelines if name in self._outcomes},
            cache=cache_use,
            error=error,
            warnings=tuple(self._warnings),
            html=partial(result_html, folders={name: self._context.path(name) for name in self._pipelines}),
        )

    def _record_failure(self, error: BaseException) -> None:
        try:
            EventLog(self._context.warehouse).append(self._result(error=error))
        except (LakehouseError, OSError) as unwritten:
            # The run's own error is the one to raise.
            _log.warning("The failed run can't be recorded: %s", unwritten)
