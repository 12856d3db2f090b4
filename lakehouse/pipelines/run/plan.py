"""What a run would do now, for each table, and why: from logs and listings alone, without reading data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.decision import Rest
from lakehouse.pipelines.refresh.factory import PipelineFactory

__all__ = ["TablePlan", "plan_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What awaits one table."""

    table: str
    layer: str
    write: str
    version: int | None
    """Where the table stands now; None while it is not there."""
    would_run: bool
    why: str
    notes: tuple[str, ...] = ()
    """How its steps would go about their work, where more than one way is open: how a table is joined."""


def plan_run(graph: TableGraph, context: RefreshContext) -> Mapping[str, TablePlan]:
    """Return what a run would do for each table, in the order in which it would."""
    factory = PipelineFactory(context)
    plans: dict[str, TablePlan] = {}

    def size_bytes(table: str) -> int | None:
        state = context.state(table) if table in context.tables else None  # of a view, nobody knows
        return None if state is None else context.log(table).size_bytes(version=state.version)

    for name in graph.order:
        table = graph.tables[name]
        decision = factory.create(table.layer, table).decide()
        state = context.state(name)
        moving = sorted(need for need in graph.inputs[name] if plans[need].would_run)
        rests = isinstance(decision, Rest)
        plans[name] = TablePlan(
            table=name,
            layer=table.layer,
            write=table.flow.write_mode.name if table.flow.write_mode else "?",
            version=state.version if state is not None else None,
            would_run=not rests or bool(moving),
            why=f"{moving[0]} will have changed" if rests and moving else decision.reason,
            notes=(
                *(note for step in table.flow.steps for note in step.notes(size_bytes)),
                *_notes_of_tables_beside(table),
            ),
        )
    return plans


def _notes_of_tables_beside(table: TableDefinition) -> tuple[str, ...]:
    """Say of the tables that steps read beside the flow's own input which rows a batch, or a micro-batch, sees."""
    names = sorted({each.table for step in table.all_steps for each in step.tables()} - table.own_names)
    return tuple(f"each batch reads {name} beside it, whole at its newest version" for name in names)
