"""Who hears how a run goes, beside whom the caller names."""

from __future__ import annotations

import os
from functools import cache, partial

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.check.lineage import kept_lineage
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.open_events import Listeners, RunSubject, listeners_from_environment
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.run.notebook import listener_of_this_place
from lakehouse.pipelines.warehouse import Warehouse

__all__ = ["with_open_events"]


def with_open_events(
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
