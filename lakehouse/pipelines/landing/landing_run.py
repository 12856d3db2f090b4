"""Lands files in one table, and keeps the record of it as a run does."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from lakehouse.ingestion import FileFormat, FileInputs, Landing, RowShape
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.check.graph import graph_of
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.errors import DefinitionErrors, UnknownSelectionError
from lakehouse.pipelines.landing.landing_pipeline import LandingPipeline, shape_of
from lakehouse.pipelines.open_events import heard_by
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.tables import STAGING_FOLDER

__all__ = ["land"]


def land(
    definition: PipelineDefinition,
    table: str,
    *,
    warehouse: str | Path | Warehouse,
    variables: Mapping[str, str] | None = None,
    processes: int | None = None,
    threads: int = 8,
    listener: RunListener | None = None,
    progress: Callable[[int, int], None] = lambda _files, _rows: None,
) -> RunResult:
    """Take the new files of a Bronze table without Spark, and return how it ended.

    Files are parsed by ``processes``, by default as many as are worth their start; those of a store are
    downloaded by ``threads``. ``table`` is its name, or ``layer.name``. Raises DefinitionErrors,
    NotLandableError, UnknownSelectionError.
    """
    filled = definition.with_variables(variables or {}).resolved()
    graph = graph_of(filled)
    if table not in graph.tables:
        raise UnknownSelectionError(selection=table, known=list(graph.tables))
    if problems := [*graph.problems, *declaration_problems(filled)]:
        raise DefinitionErrors(problems)
    place = warehouse if isinstance(warehouse, Warehouse) else Warehouse.at(warehouse)
    run_id = uuid.uuid4().hex
    heard = heard_by(
        listener, definition=filled, graph=graph, warehouse=place, run_id=run_id, environment=os.environ
    )
    declared, now = graph.tables[table], dt.datetime.now(dt.UTC)
    folder = _own_folder(place.path_of(declared.layer, declared.folder))

    def shape_while_looking(_: FileFormat) -> RowShape | None:
        # Where new columns may become the table's, all files are looked through before a row is written.
        files = pipeline.files
        return None if files.changes.looks_first else shape_of(files, FileInputs(files=()), now)

    landing = Landing(
        folder=folder, processes=processes, threads=threads, shape_of=shape_while_looking, done=progress
    )
    context = RefreshContext(
        pipeline=filled.name,
        open_session=_no_session,
        warehouse=place,
        tables=graph.tables,
        inspector=landing.inspector,
        clock=lambda: now,
        on_step=heard.step_done,
    )
    pipeline = LandingPipeline(declared, context, landing)
    try:
        return _run(pipeline, filled.name, place, heard, run_id=run_id)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_folder(table_path: str) -> Path:
    """Return where files are written before they are staged: beside a local table, so that they need only be moved."""
    name = f"land-{uuid.uuid4().hex}"
    if "://" in table_path:
        return Path(tempfile.gettempdir()) / name
    return Path(table_path) / STAGING_FOLDER / name


def _run(
    pipeline: LandingPipeline, name: str, warehouse: Warehouse, listener: RunListener, *, run_id: str
) -> RunResult:
    table, started_at, started = pipeline.table.name, dt.datetime.now(dt.UTC), time.monotonic()
    listener.run_started(name, [table])
    try:
        outcome = _outcome(pipeline, started)
        result = RunResult(
            run_id=run_id,
            pipeline=name,
            started_at=started_at,
            seconds=time.monotonic() - started,
            outcomes={table: outcome},
        )
        listener.table_finished(outcome)
        EventLog(warehouse).append(result)
    except BaseException as error:
        listener.run_failed(error)
        raise
    result = dataclasses.replace(result, seconds=time.monotonic() - started)
    listener.run_finished(result)
    return result


def _outcome(pipeline: LandingPipeline, started: float) -> Outcome:
    table = pipeline.table.name
    try:
        refreshes = pipeline.refresh(pipeline.decide())
    except Exception as error:  # noqa: BLE001 - the outcome says how it failed
        return Failed(table=table, error=error, seconds=time.monotonic() - started)
    return Refreshed(table=table, refreshes=refreshes) if refreshes else NothingNew(table=table)


def _no_session() -> NoReturn:
    raise AssertionError("landing needs no session of Spark")  # a bug, not a user's error
