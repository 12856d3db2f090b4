"""What is wrong with views as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.declare.views import ViewDefinition, expanded, views_behind
from lakehouse.pipelines.errors import (
    CycleError,
    DuplicateNameError,
    InvalidNameError,
    InvalidRuleError,
    InvalidViewError,
)

__all__ = ["view_problems"]

_NO_QUARANTINE = "use action='warn', 'drop' or 'fail': a view stores nothing, not even what is set aside."
_EACH_ROW = "ask it of a table that reads the view: a view judges each row by itself."


def view_problems(definition: PipelineDefinition) -> list[DefinitionError]:
    """Return what is wrong with names, rules and reading of the views of a resolved definition."""
    return [problem for view in definition.views for problem in _problems(view, definition)]


def _problems(view: ViewDefinition, definition: PipelineDefinition) -> Iterator[DefinitionError]:
    if not (view.name.isascii() and view.name.isidentifier() and view.name == view.name.lower()):
        yield InvalidNameError(name=view.name, location=view.location)
    places = [each.location for each in definition.views if each.name == view.name]
    places += [each.location for each in definition.tables if each.name == view.name]
    if places[0] is view.location:
        for second in places[1:]:
            yield DuplicateNameError(name=view.name, first=view.location, second=second)
    if view.flow.write_mode is not None:
        wrong = f"ends in {view.flow.write_mode.name}"
        yield InvalidViewError(
            view=view.name, wrong=wrong, fix="leave it out, or make it a table.", location=view.location
        )
    for rule in view.flow.rules:
        yield from rule.problems()
        if rule.action == "quarantine":
            wrong = "the action 'quarantine' in a view"
            yield InvalidRuleError(rule=rule.name, wrong=wrong, fix=_NO_QUARANTINE, location=rule.location)
        if not rule.expectations() or rule.look_ups:
            yield InvalidRuleError(
                rule=rule.name, wrong="no place in a view", fix=_EACH_ROW, location=rule.location
            )
    views = {each.name: each for each in definition.views}
    read = (*view.flow.source.tables(), *(each for step in view.steps for each in step.tables()))
    if any(each.name == view.name for each in views_behind(read, views)):
        yield CycleError(tables=[view.name], location=view.location)
    elif not expanded(view.flow, views).flow.source.whole_table:
        yield from _read_beside(view, definition, views)


def _read_beside(
    view: ViewDefinition, definition: PipelineDefinition, views: dict[str, ViewDefinition]
) -> Iterator[DefinitionError]:
    """Find who reads a view beside its source, though its rows come from outside of the pipeline."""
    for table in definition.tables:
        if any(each.name == view.name for each in table.views_beside()):
            yield InvalidViewError(
                view=view.name,
                wrong=f"begins with {view.flow.source.label}, and {table.name!r} reads it beside its own source",
                fix="make it a table, so that its rows are there whenever they are asked for.",
                location=table.location,
            )
