"""Whether a flow works by groups: row by row, then one step that makes groups, then whatever comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps import Step
from lakehouse.source_location import SourceLocation

__all__ = ["GroupedFlow", "NotGrouped", "grouped_flow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedFlow:
    """The steps of a flow that works by groups."""

    before: tuple[Step, ...]
    """They work row by row."""
    grouping: Step
    after: tuple[Step, ...]
    """They see the result of all groups, so that they may do anything."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The expressions that the rows of a group have in common."""
        return self.grouping.group_keys or ()

    @property
    def tables_before(self) -> frozenset[str]:
        """The tables that the groups depend on, beside the source."""
        steps = (*self.before, self.grouping)
        return frozenset(each.table for step in steps for each in step.tables())


@dataclass(frozen=True, slots=True, kw_only=True)
class NotGrouped:
    """Why the flow's result is computed from all rows."""

    reason: str
    location: SourceLocation


def grouped_flow(table: TableDefinition) -> GroupedFlow | NotGrouped:
    """Return the flow's steps before and behind the one that makes groups, or the step that is in the way."""
    flow, where = table.flow, table.location
    if flow.write_mode is None or flow.write_mode.old_rows is not OldRows.GO:
        return NotGrouped(reason="it is not written by replace()", location=where)
    if not flow.source.tells_added_rows:
        reason = f"its source {flow.source.label} doesn't tell which rows are new"
        return NotGrouped(reason=reason, location=flow.source.location)
    return _split(table.all_steps, where)


def _split(steps: Sequence[Step], where: SourceLocation) -> GroupedFlow | NotGrouped:
    for position, step in enumerate(steps):
        makes_groups = step.group_keys is not None
        why = step.why_varying() if makes_groups else step.why_not_by_row()
        if why is None and step.sets_rows_aside:
            why = "may put rows into quarantine: cast in a table before, or with on_error='null' or 'fail'"
        if why is not None:
            return NotGrouped(reason=f"{step.label} {why}", location=step.location)
        if makes_groups:
            return GroupedFlow(
                before=tuple(steps[:position]), grouping=step, after=tuple(steps[position + 1 :])
            )
    return NotGrouped(reason="no step of it makes groups", location=where)
