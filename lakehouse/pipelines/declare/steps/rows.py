"""Steps that take rows out: where, deduplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.quality import CAST_ERRORS, Condition
from lakehouse.source_location import caller_location
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Deduplicate", "RowWords", "Where"]


@word("where")
@dataclass(frozen=True, slots=True, kw_only=True)
class Where(Step):
    """Keeps the rows for which the condition is true."""

    yaml_type: ClassVar[Any] = str
    removes_rows: ClassVar[bool] = True

    condition: Condition

    @classmethod
    def from_yaml(cls, given: str, part: YamlPart) -> Where:
        return cls(condition=given, location=part.location)

    @property
    def label(self) -> str:
        return f"where({self.condition if isinstance(self.condition, str) else '…'})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.where(self.condition if isinstance(self.condition, str) else self.condition())


@word("deduplicate")
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

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        keys = [*self.compared_columns(frame), *([CAST_ERRORS] if CAST_ERRORS in frame.columns else [])]
        check_columns(self, keys, frame)
        if self.order_by is None:
            return frame.dropDuplicates(keys)
        order = F.expr(self.order_by)
        ranked = Window.partitionBy(*(F.col(quoted(key)) for key in keys)).orderBy(
            order.asc_nulls_last() if self.keep == "first" else order.desc_nulls_last()
        )
        rank = "__lakehouse_rank"
        return frame.withColumn(rank, F.row_number().over(ranked)).where(F.col(rank) == 1).drop(rank)

    @property
    def compares_with_target(self) -> bool:
        return self.against_target

    def compared_columns(self, frame: DataFrame) -> Sequence[str]:
        """Return the columns in which rows must agree to be the same."""
        return list(self.keys) or [name for name in frame.columns if not name.startswith("_")]

    def without_held(self, frame: DataFrame, held: DataFrame) -> DataFrame:
        """Return the rows of ``frame`` that ``held`` lacks; NULL equals NULL here."""
        columns = self.compared_columns(frame)
        known = held.select(*(F.col(quoted(name)).alias(f"__held_{name}") for name in columns))
        match = F.lit(True)
        for name in columns:
            match = match & frame[quoted(name)].eqNullSafe(known[quoted(f"__held_{name}")])
        if CAST_ERRORS in frame.columns:
            match = match & frame[CAST_ERRORS].isNull()
        return frame.join(known, match, "left_anti")


class RowWords(StepWords):
    """What a flow says to take rows out."""

    __slots__ = ()

    def where(self, condition: Condition) -> Self:
        """Keep the rows for which the condition is true; what is taken out is counted."""
        return self.step(Where(condition=condition, location=caller_location()))

    def deduplicate(
        self,
        *keys: str,
        keep: Literal["any", "first", "latest"] = "any",
        order_by: str | None = None,
        against_target: bool = True,
    ) -> Self:
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
