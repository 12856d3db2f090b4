"""Views: flows with a name, which are stored nowhere. Whoever reads one goes on from its steps."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.rules import ActionName, FlowRule
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps import OtherTable, Step, StepContext
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.source_location import SourceLocation

__all__ = [
    "ExpandedFlow",
    "JudgedInView",
    "ViewDefinition",
    "WithViews",
    "behind",
    "expanded",
    "views_behind",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDefinition:
    """A flow with a name. Its rules count rows, leave them out or stop their reader: it has no quarantine."""

    name: str
    flow: Flow
    location: SourceLocation = field(compare=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, and behind them its rules."""
        rules = self.flow.rules
        judged = JudgedInView(view=self.name, rules=rules, location=self.location)
        return (*self.flow.steps, judged) if rules else self.flow.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedInView(Step):
    """Judges rows on their way out of a view, each by itself and by all rules at once."""

    removes_rows: ClassVar[bool] = True
    keeps_failed_casts: ClassVar[bool] = True

    view: str
    rules: tuple[FlowRule, ...]

    @property
    def label(self) -> str:
        return self.view

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        for name, broken in self._broken("fail").items():
            told = F.raise_error(F.lit(f"a row breaks the rule {name}"))
            seen = F.count(F.when(broken, told.cast("string")))
            frame = frame.observe(f"view {uuid.uuid4().hex}", seen.alias("failed"))
        for broken in self._broken("drop").values():
            frame = frame.where(~broken)
        return frame

    def watched(self, frame: DataFrame) -> Mapping[str, Column]:
        return self._broken("warn", "drop")

    def why_not_by_row(self) -> str | None:
        counts = any(rule.action == "warn" for rule in self.rules)
        return "counts the rows that break a rule" if counts else None

    def passes_on(self, column: str) -> str | None:
        return column

    def _broken(self, *actions: ActionName) -> Mapping[str, Column]:
        """Return by rule, called after the view too, whether a row breaks it."""
        return {
            f"{self.view}.{expectation.name}": expectation.broken()
            for rule in self.rules
            for expectation in rule.expectations()
            if rule.action in actions
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedFlow:
    """A flow that begins with no view."""

    flow: Flow
    ends_of_views: frozenset[int]
    """After how many of its steps a view ends."""


def expanded(flow: Flow, views: Mapping[str, ViewDefinition]) -> ExpandedFlow:
    """Put what a view is in its place at the beginning: its source, its steps and rules, then the flow's own."""
    ends: set[int] = set()
    passed: set[str] = set()
    while (name := flow.source.whole_table) in views and name not in passed:
        passed.add(name)
        view = views[name]
        length = len(view.steps)
        ends = {length, *(length + end for end in ends)}
        source = view.flow.source.like(flow.source)
        flow = dataclasses.replace(flow, source=source, steps=(*view.steps, *flow.steps))
    return ExpandedFlow(flow=flow, ends_of_views=frozenset(ends))


def behind(
    references: Sequence[TableReference], views: Mapping[str, ViewDefinition]
) -> Iterator[TableReference]:
    """Yield the tables that are read when these are: in place of a view all that it reads."""
    for each in references:
        if each.table not in views:
            yield each
    for view in views_behind(references, views):
        read = (*view.flow.source.tables(), *(each for step in view.steps for each in step.tables()))
        yield from (each for each in read if each.table not in views)


def views_behind(
    references: Sequence[TableReference], views: Mapping[str, ViewDefinition]
) -> tuple[ViewDefinition, ...]:
    """Return the views among the references, and those that they read, each once."""
    found: dict[str, ViewDefinition] = {}
    left = list(references)
    while left:
        name = left.pop().table
        if name in views and name not in found:
            view = found[name] = views[name]
            left += [*view.flow.source.tables(), *(each for step in view.steps for each in step.tables())]
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class WithViews:
    """Tables and views by name (a StepContext)."""

    tables: StepContext
    views: Mapping[str, ViewDefinition]

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        """Return the rows of the table itself that agree with one of ``keys`` in these columns."""
        return self.tables.own_rows(keys, columns)

    def table(self, name: str) -> OtherTable:
        """Return a table as it is, and of a view the rows that it gives now."""
        if name not in self.views:
            return self.tables.table(name)
        view = self.views[name]
        flow = expanded(view.flow, self.views).flow
        base = self.tables.table(flow.source.whole_table or name)
        steps = (*flow.steps, *view.steps[len(view.flow.steps) :])
        frame = apply_steps(steps, base.frame, self)
        return OtherTable(frame=frame, measure=base.measure, is_whole=base.is_whole and not steps)
