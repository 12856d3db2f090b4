"""A pipeline as declared: frozen, without Spark, without I/O."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.errors import UnknownVariableError
from lakehouse.source_location import SourceLocation

__all__ = ["PipelineDefinition", "TableDefinition", "Variable"]

_VARIABLE = re.compile(r"\$\{(\w+)\}")


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
    location: SourceLocation = field(compare=False)

    def inputs(self) -> tuple[TableReference, ...]:
        """Return the tables that this one reads, those of its source first."""
        steps = (reference for step in self.flow.steps for reference in step.tables())
        return (*self.flow.source.tables(), *steps)


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
        tables = tuple(_filled(table, filled) for table in self.tables)
        return dataclasses.replace(self, tables=tables)


def _filled(table: TableDefinition, values: Mapping[str, str]) -> TableDefinition:
    flow = table.flow
    source = flow.source.filled(_fill(values, flow.source.location))
    steps = tuple(step.filled(_fill(values, step.location)) for step in flow.steps)
    return dataclasses.replace(table, flow=dataclasses.replace(flow, source=source, steps=steps))


def _fill(values: Mapping[str, str], location: SourceLocation) -> Callable[[str], str]:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UnknownVariableError(variable=match[1], known=values, location=location)
        return values[match[1]]

    return lambda text: _VARIABLE.sub(value, text)
