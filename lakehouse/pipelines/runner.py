"""Runs a definition: tables that don't need each other side by side, those behind a failure not at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache, partial
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.cache_use import CacheUse
from lakehouse.pipelines.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.errors import DefinitionErrors
from lakehouse.pipelines.events import EventLog
from lakehouse.pipelines.factory import PipelineFactory
from lakehouse.pipelines.fingerprint import fingerprint_of
from lakehouse.pipelines.graph import TableGraph, graph_of
from lakehouse.pipelines.listener import RunListener, Silence
from lakehouse.pipelines.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.planner import declaration_problems, resolve
from lakehouse.pipelines.refresh_context import RefreshContext, TableEngine
from lakehouse.pipelines.selection import select_tables
from lakehouse.pipelines.shared_frames import shared_prefixes
from lakehouse.pipelines.table_pipeline import TablePipeline
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.tables import NativeTable, TableLog

__all__ = ["existing_schema", "run_pipeline"]

_SIDE_BY_SIDE = 4
"""Tables in work at once: more would only wait for the same cores."""


def run_pipeline(
    definition: PipelineDefinition,
    *,
    spark: SparkSession | Callable[[], SparkSession],
    warehouse: str | Path | Warehouse,
    variables: Mapping[str, str] | None = None,
    select: Sequence[str] = (),
    listener: RunListener | None = None,
    engine: TableEngine = NativeTable,
) -> RunResult:
    """Refresh the selected tables (all by default) and return how each went; a table's failure is no exception.

    ``spark`` may be a function that opens a session: it is called only when there is something to do. The
    whole definition is checked first, without reading data: DefinitionErrors has all that is wrong.
    """
    filled = definition.with_variables(variables or {})
    home = warehouse if isinstance(warehouse, Warehouse) else Warehouse.at(warehouse)
    graph = graph_of(filled)
    if problems := [*graph.problems, *declaration_problems(filled)]:
        raise DefinitionErrors(problems)
    selected = select_tables(graph, select)
    chosen = [graph.tables[name] for name in graph.order if name in selected]
    heard = listener or Silence()
    context = RefreshContext(
        pipeline=filled.name,
        open_session=cache(lambda: spark if isinstance(spark, SparkSession) else spark()),
        warehouse=home,
        tables=graph.tables,
        shared_steps=shared_prefixes(chosen),
        on_step=heard.step_done,
        engine=engine,
    )
    return _Run(filled, graph, chosen, context, heard).go()


def existing_schema(warehouse: Warehouse, table: TableDefinition) -> StructType | None:
    """Return the schema of a table as it stands; None where it doesn't exist yet."""
    state = TableLog(warehouse.path_of(table.layer, table.name)).state()
    return state.schema if state is not None else None


class _Run:
    """One run, from its first look at the tables to its events."""

    def __init__(
        self,
        definition: PipelineDefinition,
        graph: TableGraph,
        chosen: Sequence[TableDefinition],
        context: RefreshContext,
        listener: RunListener,
    ) -> None:
        self._definition = definition
        self._graph = graph
        self._context = context
        self._listener = listener
        factory = PipelineFactory(context)
        self._every = {table.name: factory.create(table.layer, table) for table in definition.tables}
        self._pipelines = {table.name: self._every[table.name] for table in chosen}
        self._outcomes: dict[str, Outcome] = {}

    def go(self) -> RunResult:
        started_at, started = dt.datetime.now(dt.UTC), time.monotonic()
        self._listener.run_started(self._definition.name, list(self._pipelines))
        cache = None
        if self._something_to_do():
            self._check_definition()
            cache_use = CacheUse(self._context.spark)
            self._refresh_all()
            cache = cache_use.so_far()
        else:
            for name in self._pipelines:
                self._finish(NothingNew(table=name))
        result = RunResult(
            run_id=uuid.uuid4().hex,
            pipeline=self._definition.name,
            started_at=started_at,
            seconds=time.monotonic() - started,
            outcomes={name: self._outcomes[name] for name in self._pipelines},
            cache=cache,
        )
        EventLog(self._context.warehouse).append(result)
        result = dataclasses.replace(result, seconds=time.monotonic() - started)
        self._listener.run_finished(result)
        return result

    def _something_to_do(self) -> bool:
        return any(
            pipeline.work() is not None or _is_redefined(pipeline) for pipeline in self._pipelines.values()
        )

    def _check_definition(self) -> None:
        if self._was_checked():
            return
        find = partial(existing_schema, self._context.warehouse)
        resolve(self._definition, self._context.spark, existing=find).check()

    def _was_checked(self) -> bool:
        """Say whether an earlier run has resolved the same definition: each table's last batch has its fingerprint."""
        return all(
            pipeline.batches.all() and not _is_redefined(pipeline) for pipeline in self._every.values()
        )

    def _refresh_all(self) -> None:
        waiting = dict(self._pipelines)
        running: dict[Future[Outcome], str] = {}
        try:
            with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
                while waiting or running:
                    for name in [name for name in waiting if self._is_ready(name)]:
                        self._start(pool, running, waiting.pop(name))
                    if not running:
                        continue  # everything that was ready is skipped: look again
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        del running[future]
                        self._finish(future.result())
        finally:
            self._context.shared.release()

    def _start(
        self, pool: ThreadPoolExecutor, running: dict[Future[Outcome], str], pipeline: TablePipeline
    ) -> None:
        name = pipeline.table.name
        broken = sorted(self._needs(name) & {table for table in self._outcomes if self._is_broken(table)})
        if broken:
            self._finish(Skipped(table=name, because=broken[0]))
        else:
            running[pool.submit(_refresh, pipeline)] = name

    def _needs(self, name: str) -> frozenset[str]:
        return self._graph.inputs[name] & frozenset(self._pipelines)

    def _is_ready(self, name: str) -> bool:
        return self._needs(name) <= set(self._outcomes)

    def _is_broken(self, name: str) -> bool:
        return isinstance(self._outcomes[name], Failed | Skipped)

    def _finish(self, outcome: Outcome) -> None:
        self._outcomes[outcome.table] = outcome
        self._listener.table_finished(outcome)


def _refresh(pipeline: TablePipeline) -> Outcome:
    started = time.monotonic()
    name = pipeline.table.name
    try:
        refreshes = pipeline.refresh()
    except Exception as error:  # noqa: BLE001 - the run goes on with the tables that don't need this one
        return Failed(table=name, error=error, seconds=time.monotonic() - started)
    return Refreshed(table=name, refreshes=refreshes) if refreshes else NothingNew(table=name)


def _is_redefined(pipeline: TablePipeline) -> bool:
    batches = pipeline.batches.all()
    return bool(batches) and batches[-1].fingerprint != fingerprint_of(pipeline.table.flow)
