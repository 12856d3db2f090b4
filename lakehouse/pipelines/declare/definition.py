"""A pipeline as declared: frozen, without Spark, without I/O."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pyspark.sql.types import StructField, StructType

from lakehouse.pipelines.declare.contracts import AgreedTable, agreed_on
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.sources import TableReference
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import Variable, fill_variables, values_of
from lakehouse.pipelines.declare.views import ViewDefinition, behind, expanded, views_behind
from lakehouse.quality import Contract, Fit, fitted
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
    agreed: AgreedTable | None = field(default=None, compare=False, repr=False)
    """What its contract's file says of it, once the definition is resolved; None where it has none."""
    settled: Contract | None = field(default=None, compare=False, repr=False)
    """Its contract with the write mode's as it was declared, once the definition is resolved."""

    @property
    def folder(self) -> str:
        """The last part of its name, by which it lies in its layer."""
        return self.name.rpartition(".")[2]

    @property
    def own_names(self) -> frozenset[str]:
        """The names by which its rules mean the table itself."""
        return frozenset({self.name, f"{self.layer}.{self.folder}"})

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The flow's steps, and those that its write mode adds to them."""
        mode = self.flow.write_mode
        return (*self.flow.steps, *(mode.steps(self.location) if mode is not None else ()))

    @property
    def terms(self) -> Contract:
        """What the table's contract says of what it does not expect; its write mode says the rest."""
        return self.options.terms if self.agreed is None else self.options.terms.over(self.agreed.terms)

    @property
    def contract(self) -> Contract:
        """What becomes of columns and types that the table does not expect."""
        mode = self.flow.write_mode
        if self.settled is not None or mode is None:
            return self.settled or self.terms
        return self.terms.over(mode.contract)

    def fit(self, found: StructType, held: StructType | None) -> Fit:
        """Return how rows of a schema come into the table, whose own is ``held``; None while there is no table."""
        held = None if held is None else self._renamed(held)
        if self.agreed is None:
            return fitted(self.contract, found if held is None else held, found)
        binds = self.flow.write_mode is not None and self.flow.write_mode.schema_binds
        takes_others = held is None and self.terms.columns is None
        return self.agreed.fit(
            self.contract, found, held, takes_others=takes_others, table_binds=binds and held is not None
        )

    def _renamed(self, held: StructType) -> StructType:
        """Return the table's schema with the columns' new names, where the old ones are still in it."""
        names = self.options.renamed
        return StructType(
            [
                StructField(names[each.name], each.dataType, each.nullable, each.metadata)
                if each.name in names and names[each.name] not in held.names
                else each
                for each in held.fields
            ]
        )

    def inputs(self) -> tuple[TableReference, ...]:
        """Return the tables that this one reads, those of its source first."""
        return (*behind(self.flow.source.tables(), self.views), *self.tables_beside())

    def tables_beside(self) -> tuple[TableReference, ...]:
        """Return the tables that steps and rules read beside the source, also through views; never the table itself."""
        return tuple(behind(self._named_beside(), self.views))

    def views_beside(self) -> tuple[ViewDefinition, ...]:
        """Return the views that steps read beside the source, and those that these read."""
        return views_behind(self._named_beside(), self.views)

    def _under_contract(self, tables: Sequence[str]) -> TableDefinition:
        """Return the table with the rules of its contract; ``tables`` are those that rules can look rows up in."""
        named, agreed, flow = self.options.contract_file, self.agreed, self.flow
        if named is not None and agreed is None:
            file, schema = named
            agreed = agreed_on(file, table=self.folder, schema=schema, tables=tables)
            flow = flow.rule(*agreed.rules)
        table = dataclasses.replace(self, agreed=agreed)
        table = dataclasses.replace(table, settled=table.contract)
        if flow.write_mode is not None and not table.terms.is_silent:
            flow = flow.write(flow.write_mode.under(table.terms))
        return dataclasses.replace(table, flow=flow)

    def _named_beside(self) -> tuple[TableReference, ...]:
        by_steps = (reference for step in self.all_steps for reference in step.tables())
        by_rules = (reference for rule in self.flow.rules for reference in rule.tables())
        return (
            *by_steps,
            *(each for each in by_rules if not (each.may_be_own and each.table in self.own_names)),
        )


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
        known = [name for table in self.tables for name in (table.name, table.folder)]
        for table in self.tables:
            found = expanded(table.flow, views)
            name = f"{table.layer}.{table.folder}" if len(layers[table.folder]) > 1 else table.name
            ends = found.ends_of_views or table.ends_of_views
            table = dataclasses.replace(table, flow=found.flow)._under_contract(known)
            tables.append(dataclasses.replace(table, name=name, views=views, ends_of_views=ends))
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
