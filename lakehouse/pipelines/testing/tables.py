"""The tables of a definition as frames: what a test gives, and what the flows make of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.pipelines.check.empty_tables import EmptyTables
from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.rules import NoRowsYet
from lakehouse.pipelines.declare.sources import GivenRow, cells_of, frame_of_rows
from lakehouse.pipelines.declare.steps import OtherTable
from lakehouse.pipelines.declare.steps.failed_casts import apply_steps
from lakehouse.pipelines.declare.views import WithViews
from lakehouse.pipelines.errors import UnknownColumnError, UnknownSourceError
from lakehouse.pipelines.refresh.change_data import first_rows
from lakehouse.pipelines.refresh.judged_rows import judged
from lakehouse.pipelines.refresh.repeated_keys import each_key_once
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.testing.errors import MissingTestInputError
from lakehouse.pipelines.testing.small_work import held_by_driver, small_work
from lakehouse.quality import CAST_ERRORS, Tally
from lakehouse.source_location import caller_location

__all__ = ["CaseTable", "CaseTables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTable:
    """One table of a case."""

    rows: DataFrame
    quarantined: DataFrame | None = None
    """None for a table that the test gives, and for one without rules."""
    tally: Tally | None = None


class CaseTables:
    """Makes each table once, when it is asked for (a StepContext)."""

    def __init__(
        self,
        graph: TableGraph,
        inputs: Mapping[str, DataFrame | Sequence[GivenRow]],
        spark: SparkSession,
        *,
        now: dt.datetime,
    ) -> None:
        self.now = now
        self._graph = graph
        self._given = {self._declared(name).name: rows for name, rows in inputs.items()}
        self._spark = spark
        self._schemas: dict[str, StructType] = {}
        self._made: dict[str, CaseTable] = {}

    def get(self, name: str) -> CaseTable:
        """Return a table by its name. Raises UnknownSourceError, and whatever its flow raises."""
        table = self._declared(name)
        if table.name not in self._made:
            with small_work(self._spark):
                self._made[table.name] = (
                    self._as_given(table, self._given[table.name])
                    if table.name in self._given
                    else self._computed(table)
                )
        return self._made[table.name]

    def table(self, name: str) -> OtherTable:
        return OtherTable(frame=self.get(name).rows)

    def own_rows(self, keys: DataFrame, columns: Sequence[str]) -> None:
        return None

    def _declared(self, name: str) -> TableDefinition:
        if name not in self._graph.tables:
            known = self._graph.tables
            raise UnknownSourceError(source=name, table="the test", known=known, location=caller_location())
        return self._graph.tables[name]

    def _as_given(self, table: TableDefinition, rows: DataFrame | Sequence[GivenRow]) -> CaseTable:
        if isinstance(rows, DataFrame):
            return CaseTable(rows=rows)
        schema = self._schema(table.name)
        try:
            cells = cells_of(rows, schema.names)
        except KeyError as unknown:
            raise UnknownColumnError(
                column=str(unknown.args[0]),
                available=schema.names,
                step=f"the test's input {table.name!r}",
                location=table.location,
            ) from None
        visible = [each.name for each in schema.fields if not each.name.startswith("_")]
        cells = [
            tuple(dict(zip(visible, row, strict=True)).get(name) for name in schema.names)
            if len(row) == len(visible) and len(visible) < len(schema.names)
            else row
            for row in cells
        ]
        return CaseTable(rows=frame_of_rows(self._spark, cells, schema))

    def _schema(self, name: str) -> StructType:
        """Return the schema of a table's rows, found on empty frames."""
        table = self._declared(name)
        if table.name not in self._schemas:
            for reference in table.inputs():
                self._schema(reference.table)
            empty = EmptyTables(spark=self._spark, schemas=_Known(self))
            frame = empty.frame(table.flow.source.schema(_Known(self)))
            context = WithViews(tables=empty, views=table.views)
            made = apply_steps(table.all_steps, frame, context).drop(CAST_ERRORS)
            mode = table.flow.write_mode
            self._schemas[table.name] = made.schema if mode is None else mode.shown(made).schema
        return self._schemas[table.name]

    def _computed(self, table: TableDefinition) -> CaseTable:
        source, context = table.flow.source, WithViews(tables=self, views=table.views)
        if not source.stands_beside or any(each.outside for each in source.tables()):
            raise MissingTestInputError(table=table.name, source=source.label, given=sorted(self._given))
        counter, frame = RowCounter(), source.beside(context, self._spark)
        for step in table.all_steps:
            if counter.failed_casts.leave_before(step, frame):
                frame = counter.failed_casts.set_aside(frame)
            frame = step.apply(frame, context)
        mode = table.flow.write_mode
        rows = judged(
            frame,
            (*table.flow.rules, *(() if mode is None else mode.rules(table.location))),
            counter,
            table=table.name,
            context=_Rules(lambda name: self.get(name).rows, own_names=table.own_names, now=self.now),
            settle=held_by_driver,
            hold=held_by_driver,
        )
        kept = rows.kept if rows.tally is not None else held_by_driver(rows.kept)
        if mode is not None:
            if mode.once_by:
                rows = each_key_once(rows, mode.once_by, counter, table=table.name)
                kept = held_by_driver(rows.kept)
            if (changes := mode.changes) is not None:
                decided = first_rows(changes, rows, counter, table=table.name)
                kept = held_by_driver(decided.kept)
                aside = None if decided.quarantined is None else held_by_driver(decided.quarantined)
                decided.release()
                return CaseTable(rows=kept, quarantined=aside, tally=decided.tally)
        return CaseTable(rows=kept, quarantined=rows.quarantined, tally=rows.tally)


class _Rules(NoRowsYet):
    """Answers the rules of a table by the tables of a case."""

    def rows_stay(self, rows: DataFrame) -> None:
        """The table has no rows whose place they could take."""


class _Known(Mapping[str, StructType]):
    """The schemas of tables, each found when it is asked for."""

    def __init__(self, tables: CaseTables) -> None:
        self._tables = tables

    def __getitem__(self, name: str) -> StructType:
        return self._tables._schema(name)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0
