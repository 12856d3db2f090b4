"""A flow: a source, the steps from its rows to the table's, the rules, and how the rows are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pyspark.sql import DataFrame

from lakehouse.pipelines.errors import UnknownSourceError
from lakehouse.pipelines.sources import FileSource, Source, TableSource
from lakehouse.pipelines.steps import (
    Aggregate,
    Cast,
    Deduplicate,
    Join,
    Pivot,
    Rename,
    Select,
    Sql,
    Step,
    Transform,
    Where,
)
from lakehouse.pipelines.write_modes import Append, Merge, Replace, WriteMode
from lakehouse.quality import Action, CastPolicy, Condition, Expectation, Schema, as_struct
from lakehouse.source_location import caller_location

__all__ = ["Flow", "from_files", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A frozen chain: every method returns a new flow, so that several tables can go on from one.

    Begin with ``from_files`` or ``read``. ``apply`` runs the steps on a frame of your own, without storage.
    """

    source: Source
    steps: tuple[Step, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    write_mode: WriteMode | None = None

    # Steps

    def step(self, step: Step) -> Flow:
        """Add a step of any kind, also one of your own."""
        return dataclasses.replace(self, steps=(*self.steps, step))

    def select(self, *columns: str) -> Flow:
        """Keep these columns; SQL expressions may make new ones (``"price * units AS revenue"``)."""
        return self.step(Select(columns=columns, location=caller_location()))

    def where(self, condition: Condition) -> Flow:
        """Keep the rows for which the condition is true; what is taken out is counted."""
        return self.step(Where(condition=condition, location=caller_location()))

    def rename(self, names: Mapping[str, str] | None = None, **more: str) -> Flow:
        """Rename columns: ``rename(InvoiceNo="invoice")`` or a mapping from old to new names."""
        pairs = tuple({**(names or {}), **more}.items())
        return self.step(Rename(names=pairs, location=caller_location()))

    def cast(self, schema: Schema, *, on_error: Literal["quarantine", "null", "fail"] = "quarantine") -> Flow:
        """Give columns their types. A value that its type can't hold puts its row into quarantine by default."""
        written = schema if isinstance(schema, str) else tuple(_pairs(schema))
        policy = CastPolicy(on_error)
        return self.step(Cast(schema=written, on_error=policy, location=caller_location()))

    def deduplicate(
        self,
        *keys: str,
        keep: Literal["any", "first", "latest"] = "any",
        order_by: str | None = None,
        against_target: bool = True,
    ) -> Flow:
        """Keep one row of those that agree in ``keys`` (without keys: in all columns but ``_…``).

        ``keep="latest", order_by="updated_at"`` says which one. In a table that is appended to, rows that it
        holds already are left out too, unless ``against_target=False``. What is taken out is counted.
        """
        return self.step(
            Deduplicate(
                keys=keys,
                keep=keep,
                order_by=order_by,
                against_target=against_target,
                location=caller_location(),
            )
        )

    def join(self, other: Flow | str, *, on: str | tuple[str, ...], how: str = "left") -> Flow:
        """Join another table, or a flow that reads one, on columns that both have."""
        location = caller_location()
        flow = other if isinstance(other, Flow) else Flow(source=TableSource(table=other, location=location))
        if not isinstance(flow.source, TableSource):
            raise UnknownSourceError(
                source=repr(flow.source),
                table="join",
                known=["a flow that begins with read()"],
                location=location,
            )
        columns = (on,) if isinstance(on, str) else tuple(on)
        return self.step(
            Join(other=flow.source, other_steps=flow.steps, on=columns, how=how, location=location)
        )

    def aggregate(self, *, by: str | tuple[str, ...] | list[str] = (), **measures: str) -> Flow:
        """One row a group: ``aggregate(by="day", revenue="sum(revenue)")``; names to SQL aggregates."""
        step = Aggregate(by=_names(by), measures=tuple(measures.items()), location=caller_location())
        return self.step(step)

    def pivot(
        self, column: str, values: tuple[Any, ...] | list[Any], *, by: str | tuple[str, ...], measure: str
    ) -> Flow:
        """One row a group and one column for each of ``values``, which are given, not looked for."""
        location = caller_location()
        return self.step(
            Pivot(by=_names(by), column=column, values=tuple(values), measure=measure, location=location)
        )

    def transform(self, change: Callable[[DataFrame], DataFrame] | str) -> Flow:
        """Apply a function from DataFrame to DataFrame, or SQL text that reads ``{input}``."""
        location = caller_location()
        if isinstance(change, str):
            return self.step(Sql(query=change, location=location))
        return self.step(Transform(function=change, location=location))

    # Rules

    def expect(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Count the rows that break the condition, and keep them."""
        return self._expect(name, condition, Action.WARN, null_is_fine)

    def expect_or_drop(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Leave out the rows that break the condition, and count them."""
        return self._expect(name, condition, Action.DROP, null_is_fine)

    def expect_or_quarantine(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Put the rows that break the condition into the table's quarantine, with all that they break."""
        return self._expect(name, condition, Action.QUARANTINE, null_is_fine)

    def expect_or_fail(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Flow:
        """Write nothing when any row breaks the condition."""
        return self._expect(name, condition, Action.FAIL, null_is_fine)

    def _expect(self, name: str, condition: Condition, action: Action, null_is_fine: bool) -> Flow:
        rule = Expectation(
            name=name,
            condition=condition,
            action=action,
            null_is_fine=null_is_fine,
            location=caller_location(),
        )
        return self.expectation(rule)

    def expectation(self, rule: Expectation) -> Flow:
        """Add a rule that was made elsewhere."""
        return dataclasses.replace(self, expectations=(*self.expectations, rule))

    # Writing

    def append(self, *, evolve_schema: bool = False) -> Flow:
        """Add the rows to what the table holds."""
        return self.write(Append(evolve_schema=evolve_schema))

    def replace(self) -> Flow:
        """Put the rows in place of what the table holds."""
        return self.write(Replace())

    def merge(self, *keys: str) -> Flow:
        """Update the rows whose keys match, insert the others."""
        return self.write(Merge(keys=keys))

    def write(self, mode: WriteMode) -> Flow:
        """Write in any mode, also one of your own."""
        return dataclasses.replace(self, write_mode=mode)

    # Alone

    def apply(self, frame: DataFrame, tables: Mapping[str, DataFrame] | None = None) -> DataFrame:
        """Run the steps on ``frame``, without storage; ``tables`` are those that joins read, by name."""
        given = tables or {}

        def other(source: TableSource) -> DataFrame:
            if source.table not in given:
                raise UnknownSourceError(
                    source=source.table, table="apply", known=given, location=source.location
                )
            return given[source.table]

        for step in self.steps:
            frame = step.apply(frame, other)
        return frame


def from_files(pattern: str, *, columns: Schema | tuple[str, ...] | list[str], delimiter: str = ",") -> Flow:
    """Begin with the CSV files that match ``pattern``, each taken exactly once, all columns as strings.

    ``columns`` are the names that each file's header must have, in any order; of a schema only the names count.
    """
    names = tuple(columns) if isinstance(columns, tuple | list) else tuple(_column_names(columns))
    source = FileSource(pattern=pattern, columns=names, delimiter=delimiter, location=caller_location())
    return Flow(source=source, write_mode=Append())


def read(table: str, *, incremental: bool = False) -> Flow:
    """Begin with another table: whole, or (``incremental=True``) only the rows not processed yet."""
    return Flow(source=TableSource(table=table, incremental=incremental, location=caller_location()))


def _column_names(columns: Schema) -> list[str]:
    return list(columns) if isinstance(columns, Mapping) else as_struct(columns).names


def _pairs(schema: Schema) -> list[tuple[str, str]]:
    if isinstance(schema, Mapping):
        return list(schema.items())
    return [(field.name, field.dataType.simpleString()) for field in as_struct(schema).fields]


def _names(names: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
