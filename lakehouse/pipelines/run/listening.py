"""Who hears how a run goes, beside whom the caller names."""

from __future__ import annotations

import os

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.open_events import heard_by
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
    return heard_by(
        listener,
        definition=definition,
        graph=graph,
        warehouse=warehouse,
        run_id=run_id,
        environment=os.environ,
        of_this_place=[listener_of_this_place()] if listener is None else (),
    )
