"""A pipeline as declared: frozen, without Spark, without I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import Variable, fill_variables, values_of
from lakehouse.pipelines.declare.views import ViewDefinition, behind, expanded, views_behind
from lakehouse.source_location import SourceLocation

__all__ = ["PipelineDefinition", "TableDefinition", "Variable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition:
    """A table: its name and layer, and the flow that fills it."""

    name: str
    layer: str
    flow: Flow
    options: TableOptions = field(default_factory=TableOptions)
    location: SourceLocation = field(compare=False)
    views: Mapping[str, ViewDefinition] = field(default_factory=dict, compare=False, repr=False)
    """The pipeline's views, once the definition is resolved."""
    ends_of_views: frozenset[int] = field(default=frozenset(), compare=False)
    """After how many of the flow's steps a view ends that it goes on from."""

    @property
    def folder(self) -> str:
        """The last part of its name, by which it lies in its layer."""
        return self.name.rpartition(".")[2]

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The flow's steps, and those that its write mode adds to them."""
        mode = self.flow.write_mode
        return (*self.flow.steps, *(mode.steps(self.location) if mode is not None else ()))

    def inputs(self) -> tuple[TableReference, ...]:
        """Return the tables that this one reads, those of its source first."""
        return (*behind(self.flow.source.tables(), self.views), *self.tables_beside())

    def tables_beside(self) -> tuple[TableReference, ...]:
        """Return the tables that steps and rules read beside the source, also through views."""
        return tuple(behind(self._named_beside(), self.views))

    def views_beside(self) -> tuple[ViewDefinition, ...]:
        """Return the views that steps read beside the source, and those that these read."""
        return views_behind(self._named_beside(), self.views)

    def _named_beside(self) -> tuple[TableReference, ...]:
        by_steps = (reference for step in self.all_steps for reference in step.tables())
        by_rules = (reference for rule in self.flow.rules for reference in rule.tables())
        return (*by_steps, *by_rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineDefinition:
    """Tables that are refreshed together. ``check`` finds what is wrong with it."""

    name: str
    tables: tuple[TableDefinition, ...]
    variables: tuple[Variable, ...] = ()
    views: tuple[ViewDefinition, ...] = ()
    tester: ClassVar[Callable[..., Any]]
    """Makes the case of ``test``; the room for tests puts itself here."""

    def resolved(self) -> PipelineDefinition:
        """Return the definition as it is run: views in their places, and each table under a name of its own.

        A name that tables of several layers have is ``layer.name`` there. Resolving again changes nothing.
        """
        layers: dict[str, set[str]] = {}
        for table in self.tables:
            layers.setdefault(table.folder, set()).add(table.layer)
        views = {view.name: view for view in self.views}
        tables = []
        for table in self.tables:
            found = expanded(table.flow, views)
            name = f"{table.layer}.{table.folder}" if len(layers[table.folder]) > 1 else table.name
            ends = found.ends_of_views or table.ends_of_views
            tables.append(
                dataclasses.replace(table, name=name, flow=found.flow, views=views, ends_of_views=ends)
            )
        return dataclasses.replace(self, tables=tuple(tables))

    def test(self, inputs: Mapping[str, Any], **more: Any) -> Any:
        """Return the tables that the definition makes of ``inputs``, without storage: a ``PipelineCase``.

        ``pipeline.test(inputs={"sales_raw": rows}).expect("daily_revenue", rows)``
        """
        return type(self).tester(self, inputs, **more)

    def with_defaults(self, values: Mapping[str, Any]) -> PipelineDefinition:
        """Return the definition whose variables have these defaults; values of no variable are left out."""
        variables = tuple(
            dataclasses.replace(each, default=values[each.name]) if each.name in values else each
            for each in self.variables
        )
        return dataclasses.replace(self, variables=variables)

    def with_variables(self, values: Mapping[str, Any]) -> PipelineDefinition:
        """Return the definition with every ``${name}`` in place.

        Raises UnknownVariableError, InvalidVariableError and MissingVariableError.
        """
        filled = values_of(self.variables, values)
        tables = tuple(fill_variables(table, filled, location=table.location) for table in self.tables)
        views = tuple(fill_variables(view, filled, location=view.location) for view in self.views)
        return dataclasses.replace(self, tables=tables, views=views)
