"""The steps of a flow: each turns one frame into another, and can be tried on an empty one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.pipelines.errors import UnknownColumnError
from lakehouse.pipelines.sources import TableSource
from lakehouse.quality import CAST_ERRORS, CastPolicy, Schema, as_struct, cast_columns
from lakehouse.source_location import SourceLocation
from lakehouse.tables import quoted

__all__ = [
    "Aggregate",
    "Cast",
    "Deduplicate",
    "Join",
    "Pivot",
    "Rename",
    "Select",
    "Sql",
    "Step",
    "TableReader",
    "Transform",
    "Where",
]

TableReader = Callable[["TableSource"], DataFrame]
"""Gives the frame of another table that a step needs beside its input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One step of a flow. A new kind is a subclass, given to ``flow.step``."""

    removes_rows: ClassVar[bool] = False
    """Whether rows are counted before and after, so that what is taken out is known."""

    location: SourceLocation = field(compare=False)

    @property
    @abstractmethod
    def label(self) -> str:
        """The step as a person would write it, in a few words."""

    @abstractmethod
    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        """Return the next frame."""

    def filled(self, fill: Callable[[str], str]) -> Step:
        """Return the step with its texts filled, which puts values for ``${variables}``; most have none."""
        return self

    def parts(self) -> Sequence[Step]:
        """Return steps that can be tried one by one, so that a wrong one doesn't hide another."""
        return (self,)

    def reads(self) -> Sequence[TableSource]:
        """Return the other tables that this step needs."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Step):
    """Keeps these columns or SQL expressions."""

    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"select({', '.join(self.columns)})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        carried = [CAST_ERRORS] if CAST_ERRORS in frame.columns and CAST_ERRORS not in self.columns else []
        return frame.selectExpr(*self.columns, *carried)

    def parts(self) -> Sequence[Step]:
        return [replace(self, columns=(column,)) for column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where(Step):
    """Keeps the rows for which the condition is true."""

    removes_rows: ClassVar[bool] = True

    condition: str | Callable[[], Any]

    @property
    def label(self) -> str:
        return f"where({self.condition if isinstance(self.condition, str) else '…'})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        return frame.where(self.condition if isinstance(self.condition, str) else self.condition())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Step):
    """Gives columns other names: (old, new) pairs."""

    names: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        return f"rename({', '.join(f'{old} -> {new}' for old, new in self.names)})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        _check_columns(self, [old for old, _ in self.names], frame)
        return frame.withColumnsRenamed(dict(self.names))

    def parts(self) -> Sequence[Step]:
        return [replace(self, names=(pair,)) for pair in self.names]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast(Step):
    """Gives columns their types: (name, type) pairs or DDL text; a value that can't be cast goes by the policy."""

    schema: tuple[tuple[str, str], ...] | str
    on_error: CastPolicy

    @property
    def label(self) -> str:
        names = self.schema if isinstance(self.schema, str) else ", ".join(name for name, _ in self.schema)
        return f"cast({names})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        schema: Schema = self.schema if isinstance(self.schema, str) else dict(self.schema)
        struct = as_struct(schema)
        _check_columns(self, struct.names, frame)
        return cast_columns(frame, struct, on_error=self.on_error)

    def parts(self) -> Sequence[Step]:
        if isinstance(self.schema, str):
            return (self,)
        return [replace(self, schema=(pair,)) for pair in self.schema]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduplicate(Step):
    """Keeps one row of those alike; in a table that is appended to, none that the table holds already.

    Without ``keys`` all columns count whose name doesn't begin with ``_``. With them, ``keep`` says which row:
    the first or the latest by ``order_by``, or any.
    """

    removes_rows: ClassVar[bool] = True

    keys: tuple[str, ...] = ()
    keep: Literal["any", "first", "latest"] = "any"
    order_by: str | None = None
    against_target: bool = True
    """Whether rows that an appended-to table holds already are left out too."""

    @property
    def label(self) -> str:
        return f"deduplicate({', '.join(self.keys)})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        keys = [*self.columns(frame), *([CAST_ERRORS] if CAST_ERRORS in frame.columns else [])]
        _check_columns(self, keys, frame)
        if self.order_by is None:
            return frame.dropDuplicates(keys)
        order = F.expr(self.order_by)
        ranked = Window.partitionBy(*(F.col(quoted(key)) for key in keys)).orderBy(
            order.asc_nulls_last() if self.keep == "first" else order.desc_nulls_last()
        )
        rank = "__lakehouse_rank"
        return frame.withColumn(rank, F.row_number().over(ranked)).where(F.col(rank) == 1).drop(rank)

    def columns(self, frame: DataFrame) -> list[str]:
        """Return the columns in which rows must agree to be the same."""
        return list(self.keys) or [name for name in frame.columns if not name.startswith("_")]

    def without_known(self, frame: DataFrame, known: DataFrame) -> DataFrame:
        """Return the rows of ``frame`` that ``known`` doesn't hold; NULL equals NULL here."""
        columns = self.columns(frame)
        held = known.select(*(F.col(quoted(name)).alias(f"__known_{name}") for name in columns))
        match = F.lit(True)
        for name in columns:
            match = match & frame[quoted(name)].eqNullSafe(held[quoted(f"__known_{name}")])
        if CAST_ERRORS in frame.columns:
            match = match & frame[CAST_ERRORS].isNull()
        return frame.join(held, match, "left_anti")


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Step):
    """Joins another table, after that table's own steps."""

    other: TableSource
    other_steps: tuple[Step, ...]
    on: tuple[str, ...]
    how: str

    @property
    def label(self) -> str:
        return f"join({self.other.table}, on={', '.join(self.on)})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        other = tables(self.other)
        for step in self.other_steps:
            other = step.apply(other, tables)
        _check_columns(self, self.on, frame)
        _check_columns(self, self.on, other)
        return frame.join(other, on=list(self.on), how=self.how)

    def reads(self) -> Sequence[TableSource]:
        return (self.other, *(source for step in self.other_steps for source in step.reads()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Step):
    """One row a group: ``by`` are columns or expressions, ``measures`` are (name, SQL aggregate) pairs."""

    by: tuple[str, ...]
    measures: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        return f"aggregate(by={', '.join(self.by)})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        measures = [F.expr(text).alias(name) for name, text in self.measures]
        groups = frame.groupBy(*(F.expr(column) for column in self.by))
        return groups.agg(*measures) if measures else groups.agg(F.count(F.lit(1)).alias("count"))

    def parts(self) -> Sequence[Step]:
        by = [replace(self, by=(column,), measures=()) for column in self.by]
        return [*by, *(replace(self, by=(), measures=(measure,)) for measure in self.measures)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot(Step):
    """One row a group and one column a value of ``column``; the values are given, so that no data is read for them."""

    by: tuple[str, ...]
    column: str
    values: tuple[Any, ...]
    measure: str

    @property
    def label(self) -> str:
        return f"pivot({self.column})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        groups = frame.groupBy(*(F.expr(column) for column in self.by))
        return groups.pivot(self.column, list(self.values)).agg(F.expr(self.measure))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform(Step):
    """An ordinary function from frame to frame, which a person can test alone."""

    function: Callable[[DataFrame], DataFrame]

    @property
    def label(self) -> str:
        return f"transform({getattr(self.function, '__name__', repr(self.function))})"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        return self.function(frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql(Step):
    """A query of Spark SQL in which ``{input}`` is the step's own frame."""

    query: str

    @property
    def label(self) -> str:
        return "sql"

    def apply(self, frame: DataFrame, tables: TableReader) -> DataFrame:
        return frame.sparkSession.sql(self.query, input=frame)


def _check_columns(step: Step, names: Sequence[str], frame: DataFrame) -> None:
    there = frame.columns
    for name in names:
        if name not in there:
            shown = [column for column in there if column != CAST_ERRORS]
            raise UnknownColumnError(column=name, available=shown, step=step.label, location=step.location)
