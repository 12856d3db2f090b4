"""Everybody who hears of a run: whoever asked for it, and whom the environment names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.check.lineage import kept_lineage
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.open_events.environment import listeners_from_environment
from lakehouse.pipelines.open_events.listeners import Listeners
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.warehouse import Warehouse

__all__ = ["heard_by"]


def heard_by(
    listener: RunListener | None,
    *,
    definition: PipelineDefinition,
    graph: TableGraph,
    warehouse: Warehouse,
    run_id: str,
    environment: Mapping[str, str],
    of_this_place: Sequence[RunListener] = (),
) -> RunListener:
    """Return the listener beside those that the environment names, which can't fail the run.

    Where no listener is given, those ``of_this_place`` hear of the run.
    """
    subject = RunSubject(
        run_id=run_id,
        pipeline=definition.name,
        graph=graph,
        warehouse=warehouse,
        lineage=cache(partial(kept_lineage, warehouse, definition)),
    )
    others = listeners_from_environment(subject, environment)
    if listener is None:
        return Listeners(RunListener(), [*of_this_place, *others])
    return Listeners(listener, others) if others else listener
