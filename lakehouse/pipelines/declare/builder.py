"""Declare a pipeline in Python, one call a table (Builder: the definition it makes is frozen)."""

from __future__ import annotations

import dataclasses
from typing import Any, Unpack

from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.table_options import OptionWords, TableOptions
from lakehouse.pipelines.declare.variables import Variable, VariableType
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.source_location import caller_location

__all__ = ["DeclarativePipelineBuilder"]


class DeclarativePipelineBuilder:
    """Collects tables and variables; ``build`` gives the definition. Nothing runs, and no Spark is needed.

    A call that is wrong does not raise: ``validate`` finds everything that is wrong in one go.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tables: list[TableDefinition] = []
        self._variables: list[Variable] = []
        self._views: list[ViewDefinition] = []

    def variable(
        self,
        name: str,
        *,
        default: Any = None,
        type: VariableType | None = None,  # noqa: A002 - the word for it
        source: str | None = None,
        secret: bool | None = None,
    ) -> DeclarativePipelineBuilder:
        """Declare a value that ``${name}`` stands for in every text of the definition; ``--set name=…`` gives another.

        Its type is that of the default, or ``type``: text, int, float, bool, date or list. ``source`` names an
        environment variable, ``env:NAME``, or a file, ``file:/path``, whose value goes before the default; what comes
        from a file, or is ``secret``, is shown nowhere.
        """
        self._variables.append(Variable.of(name, default, type, source, secret, caller_location()))
        return self

    def view(self, name: str, flow: Flow) -> DeclarativePipelineBuilder:
        """Declare rows that tables go on from by ``read(name)``, and that are stored nowhere.

        Tables of a run that read it have its steps done once. Its rules may ``warn``, ``drop`` or ``fail``.
        """
        self._views.append(ViewDefinition(name=name, flow=flow, location=caller_location()))
        return self

    def bronze(
        self, name: str, flow: Flow, *, options: TableOptions | None = None, **more: Unpack[OptionWords]
    ) -> DeclarativePipelineBuilder:
        """Declare a table of raw rows."""
        return self.table(name, flow, layer="bronze", options=options, **more)

    def silver(
        self, name: str, flow: Flow, *, options: TableOptions | None = None, **more: Unpack[OptionWords]
    ) -> DeclarativePipelineBuilder:
        """Declare a table of clean rows."""
        return self.table(name, flow, layer="silver", options=options, **more)

    def gold(
        self, name: str, flow: Flow, *, options: TableOptions | None = None, **more: Unpack[OptionWords]
    ) -> DeclarativePipelineBuilder:
        """Declare a table of results."""
        return self.table(name, flow, layer="gold", options=options, **more)

    def table(
        self,
        name: str,
        flow: Flow,
        *,
        layer: str,
        options: TableOptions | None = None,
        **more: Unpack[OptionWords],
    ) -> DeclarativePipelineBuilder:
        """Declare a table in any layer that is registered with PipelineFactory.

        The fields of TableOptions can be given by themselves: ``comment="…", partition_by=["day"]``.
        """
        self._tables.append(
            TableDefinition(
                name=name,
                layer=layer,
                flow=flow,
                options=dataclasses.replace(options or TableOptions(), **more),
                location=caller_location(),
            )
        )
        return self

    def build(self) -> PipelineDefinition:
        """Return what was declared."""
        return PipelineDefinition(
            name=self._name,
            tables=tuple(self._tables),
            variables=tuple(self._variables),
            views=tuple(self._views),
        )
