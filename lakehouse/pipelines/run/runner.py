"""Runs a definition: what is to be done is decided, the definition checked, and each table refreshed in its turn."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pyspark.sql import SparkSession

from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.check.graph import graph_of
from lakehouse.pipelines.check.selection import rebuilt_tables, select_tables
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.errors import DefinitionErrors
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import RunResult
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.open_tables import TableEngine
from lakehouse.pipelines.refresh.shared_frames import shared_prefixes
from lakehouse.pipelines.run.control import RunControl, timeouts
from lakehouse.pipelines.run.listening import with_open_events
from lakehouse.pipelines.run.lock import run_lock
from lakehouse.pipelines.run.one_run import OneRun
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.settings import CatalogSettings
from lakehouse.tables import NativeTable

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
    heard = with_open_events(listener, filled, graph, home, run_id=name)
    control = RunControl(timeouts(chosen, timeout))

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
    run = OneRun(
        filled,
        graph,
        chosen,
        context,
        heard,
        run_id=name,
        control=control,
        retries=retries,
        catalog=catalog,
        has_session=not callable(spark),
    )
    with run_lock(context.warehouse, filled.name).held() if exclusive else nullcontext():
        return run.run()
