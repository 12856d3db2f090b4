"""What a run would do now, for each table, and why: from logs and listings alone, without reading data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.pipelines.factory import PipelineFactory
from lakehouse.pipelines.graph import TableGraph
from lakehouse.pipelines.refresh_context import RefreshContext

__all__ = ["Outlook", "outlook"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What awaits one table."""

    table: str
    layer: str
    write: str
    version: int | None
    """Where the table stands now; None where it isn't there yet."""
    would_run: bool
    why: str


def outlook(graph: TableGraph, context: RefreshContext) -> Mapping[str, Outlook]:
    """Return what a run would do for each table, in the order in which it would."""
    factory = PipelineFactory(context)
    found: dict[str, Outlook] = {}
    for name in graph.order:
        table = graph.tables[name]
        pipeline = factory.create(table.layer, table)
        state = pipeline.log.state()
        work = pipeline.work()
        moving = sorted(need for need in graph.inputs[name] if found[need].would_run)
        why = work or (f"{moving[0]} will have changed" if moving else "nothing new")
        found[name] = Outlook(
            table=name,
            layer=table.layer,
            write=table.flow.write_mode.name if table.flow.write_mode else "?",
            version=state.version if state is not None else None,
            would_run=bool(work or moving),
            why=why,
        )
    return found
