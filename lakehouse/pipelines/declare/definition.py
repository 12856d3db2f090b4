"""A pipeline as declared: frozen, without Spark, without I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import fill_variables
from lakehouse.pipelines.errors import UnknownVariableError
from lakehouse.source_location import SourceLocation

__all__ = ["PipelineDefinition", "TableDefinition", "Variable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A value that may differ from run to run, such as a folder."""

    name: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition:
    """A table: its name and layer, and the flow that fills it."""

    name: str
    layer: str
    flow: Flow
    options: TableOptions = field(default_factory=TableOptions)
    location: SourceLocation = field(compare=False)

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The flow's steps, and those that its write mode adds to them."""
        mode = self.flow.write_mode
        return (*self.flow.steps, *(mode.steps(self.location) if mode is not None else ()))

    def inputs(self) -> tuple[TableReference, ...]:
        """Return the tables that this one reads, those of its source first."""
        return (*self.flow.source.tables(), *self.tables_beside())

    def tables_beside(self) -> tuple[TableReference, ...]:
        """Return the tables that steps and rules read beside the source."""
        by_steps = (reference for step in self.all_steps for reference in step.tables())
        by_rules = (reference for rule in self.flow.rules for reference in rule.tables())
        return (*by_steps, *by_rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineDefinition:
    """Tables that are refreshed together. ``check`` finds what is wrong with it."""

    name: str
    tables: tuple[TableDefinition, ...]
    variables: tuple[Variable, ...] = ()

    def with_variables(self, values: Mapping[str, str]) -> PipelineDefinition:
        """Return the definition with every ``${name}`` in place. Raises UnknownVariableError."""
        known = {variable.name: variable.default for variable in self.variables}
        for name in values:
            if name not in known:
                raise UnknownVariableError(variable=name, known=known)
        filled = {**known, **values}
        tables = tuple(fill_variables(table, filled, location=table.location) for table in self.tables)
        return dataclasses.replace(self, tables=tables)
