"""The run that listeners hear of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.check.lineage import PipelineLineage
from lakehouse.pipelines.warehouse import Warehouse

__all__ = ["RunSubject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSubject:
    """What is known of a run before it begins."""

    run_id: str
    pipeline: str
    graph: TableGraph
    warehouse: Warehouse
    lineage: Callable[[], PipelineLineage | None] = lambda: None
    """Returns where columns come from; None while nobody looked."""
