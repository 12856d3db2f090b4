"""One run over some tables: what is to be done is decided, each table is refreshed in its turn, and it is recorded."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial

from lakehouse.cache import NodeStatistics
from lakehouse.errors import LakehouseError, StorageError
from lakehouse.optimization import Outcome as Maintained
from lakehouse.optimization import SparkRewriter, keep_filters
from lakehouse.pipelines.check.filters import filters_of
from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.check.validation import existing_schema, resolve
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.sources import Backlog
from lakehouse.pipelines.errors import RunStoppedError
from lakehouse.pipelines.record.cache_use import CacheUse
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import (
    Failed,
    MicroBatch,
    NothingNew,
    Outcome,
    Refreshed,
    RunResult,
)
from lakehouse.pipelines.record.result_table import result_html
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.decision import Decision, Rest
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.refreshed import Refresh
from lakehouse.pipelines.run.control import RunControl
from lakehouse.pipelines.run.naming import register_tables
from lakehouse.pipelines.run.schedule import run_in_order, tables_at_once
from lakehouse.pipelines.run.spark_progress import SparkProgress
from lakehouse.pipelines.run.tries import Tries
from lakehouse.pipelines.run.upkeep import MaintenanceFailed, maintained
from lakehouse.settings import CatalogSettings
from lakehouse.tables import CatalogError, TakenNameError, parallelism

__all__ = ["OneRun"]

_log = logging.getLogger(__name__)


class OneRun:
    """One run, from its first look at the tables to its events."""

    def __init__(
        self,
        definition: PipelineDefinition,
        graph: TableGraph,
        chosen: Sequence[TableDefinition],
        context: RefreshContext,
        listener: RunListener,
        *,
        run_id: str,
        control: RunControl,
        retries: int,
        catalog: CatalogSettings | None,
        has_session: bool,
        micro_batch: MicroBatch | None = None,
    ) -> None:
        self.run_id = run_id
        self._has_session = has_session
        """Whether a session is at hand that nobody has to start."""
        self._micro_batch = micro_batch
        self._catalog = catalog
        self._warnings: list[str] = []
        self._maintenance: dict[str, Sequence[Maintained]] = {}
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
        return self._recorded(self._refresh)

    def take_micro_batch(
        self, turn: AbstractContextManager[bool], decided: Callable[[], None]
    ) -> RunResult | None:
        """Run in a turn where anything is to be done; None, which leaves no record, where nothing came of it.

        ``turn`` says whether it was waited for: then everything is decided afresh. ``decided`` is called before the
        work begins. The definition was checked.
        """
        self._decide()
        if not self._has_decided_work():
            if not any(isinstance(self._outcome_at_rest(name), Failed) for name in self._pipelines):
                return None
            return self._recorded(self._rest_all)
        with turn as has_waited:
            if has_waited:
                self._decide()
            decided()
            return self._recorded(self._refresh_decided)

    @property
    def backlogs(self) -> Mapping[str, Backlog]:
        """What waited for each table when it was decided about, as far as that is known."""
        found = {name: decision.backlog for name, decision in self._decisions.items()}
        return {name: backlog for name, backlog in found.items() if backlog is not None}

    def _recorded(self, work: Callable[[], NodeStatistics | None]) -> RunResult:
        self._listener.run_started(self._definition.name, list(self._pipelines))
        try:
            result = self._result(cache_use=work())
            if self._micro_batch is None or result.status != "nothing new":
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
            for pipeline in self._pipelines.values():
                pipeline.describe()
                pipeline.tidy()
            self._rest_all()
            if self._has_session:
                self._register_names()
            return None
        self._check_definition()
        return self._refresh_decided()

    def _rest_all(self) -> None:
        for name in self._pipelines:
            self._finish(self._outcome_at_rest(name))

    def _refresh_decided(self) -> NodeStatistics | None:
        self._control.session = self._context.spark
        self._listener.work_begins(SparkProgress(self._context.spark, tag=self._control.tag))
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
        self._maintain()
        self._register_names()
        return cache_use.so_far()

    def _maintain(self) -> None:
        """Arrange the files of tables that were written; what fails is a warning, for their rows are published."""
        if any(table.options.maintain == "auto" for table in self._graph.tables.values()):
            with suppress(StorageError):  # what earlier runs wrote down counts
                keep_filters(self._context.warehouse.storage, self._definition.name, filters_of(self._graph))
        for name, outcome in self._outcomes.items():
            if not isinstance(outcome, Refreshed):
                continue
            try:
                done = maintained(
                    self._context.path(name), self._graph.tables[name].options, rewriter=self._rewriter
                )
            except MaintenanceFailed as error:
                self._warnings.append(f"{name} was not maintained: {error}")
            else:
                self._maintenance.update({name: done} if done else {})

    def _rewriter(self) -> SparkRewriter:
        return SparkRewriter(self._context.spark)

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
                self._decisions.pop(name, None)
                _log.debug("The decision about %s fails: %s", name, error)

    def _something_to_do(self) -> bool:
        return self._has_decided_work() or any(each.is_redefined for each in self._pipelines.values())

    def _has_decided_work(self) -> bool:
        return any(not isinstance(self._decisions.get(name), Rest) for name in self._pipelines)

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
            maintenance=dict(self._maintenance),
            micro_batch=self._micro_batch,
            html=partial(result_html, folders={name: self._context.path(name) for name in self._pipelines}),
        )

    def _record_failure(self, error: BaseException) -> None:
        try:
            EventLog(self._context.warehouse).append(self._result(error=error))
        except (LakehouseError, OSError) as unwritten:
            # The run's own error is the one to raise.
            _log.warning("The failed run can't be recorded: %s", unwritten)
