"""Steps that take rows out: where, deduplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import METADATA_COLUMNS
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.steps.order import Order
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import CAST_ERRORS, Condition
from lakehouse.source_location import caller_location
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Deduplicate", "RowWords", "Where"]

_Keep = Literal["any", "first", "latest"]
_OF_THE_LIBRARY = (*METADATA_COLUMNS, CAST_ERRORS)
_HELD = "__lakehouse_held_{}"
_HELD_ORDER = "__lakehouse_held_order"


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

    Without ``keys`` all columns count but the library's own, such as ``_ingested_at``. With them, ``keep`` says
    which row: the first or the latest by ``order_by``, or any. An ordered row also competes with the table's
    own: a later one comes in (beside the old one, or by merge over it), an earlier one does not.
    """

    removes_rows: ClassVar[bool] = True
    shuffles_rows: ClassVar[bool] = True

    keys: tuple[str, ...] = ()
    keep: Literal["any", "first", "latest"] = "any"
    order_by: str | None = None
    """An SQL expression, with ``ASC`` (the default) or ``DESC``; NULL comes last either way."""
    against_target: bool = True
    """Whether the rows that the table holds count too."""

    @property
    def label(self) -> str:
        return f"deduplicate({', '.join(self.keys)})"

    def problems(self) -> Sequence[DefinitionError]:
        fixes = []
        if self.keep not in get_args(_Keep):
            fixes.append((f"keep={self.keep!r}", "use 'any', 'first' or 'latest'."))
        elif self.keep != "any" and self.order_by is None:
            fixes.append((f"keep={self.keep!r} without order_by", "say by what: order_by='updated_at'."))
        elif self.keep == "any" and self.order_by is not None:
            fixes.append(("order_by without keep", "say which row: keep='first' or keep='latest'."))
        if self.order_by is not None and Order.of(self.order_by) is None:
            fixes.append(
                (f"order_by={self.order_by!r}", "order by one expression: struct(a, b) for several.")
            )
        return [
            InvalidStepError(step=self.label, wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in fixes
        ]

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        keys = [*self.compared_columns(frame), *([CAST_ERRORS] if CAST_ERRORS in frame.columns else [])]
        check_columns(self, keys, frame)
        if (order := self._order) is None:
            return frame.dropDuplicates(keys)
        ranked = Window.partitionBy(*(F.col(quoted(key)) for key in keys)).orderBy(order.best_first())
        rank = "__lakehouse_rank"
        return frame.withColumn(rank, F.row_number().over(ranked)).where(F.col(rank) == 1).drop(rank)

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        # Rows that agree in all columns but the library's own are the same to every rule.
        return bool(self.keys)

    def compares_with_target(self, old_rows: OldRows) -> bool:
        if not self.against_target or old_rows is OldRows.GO:
            return False
        return old_rows is OldRows.STAY or self._order is not None

    def compared_columns(self, frame: DataFrame) -> Sequence[str]:
        return list(self.keys) or [name for name in frame.columns if name not in _OF_THE_LIBRARY]

    def without_held(
        self, frame: DataFrame, held: DataFrame, columns: Sequence[str], old_rows: OldRows
    ) -> DataFrame:
        order = self._order
        value = [order.value().alias(_HELD_ORDER)] if order is not None else []
        known = held.select(*(F.col(quoted(name)).alias(_HELD.format(name)) for name in columns), *value)
        stands = F.lit(True)
        for name in columns:  # NULL equals NULL here
            stands = stands & frame[quoted(name)].eqNullSafe(known[quoted(_HELD.format(name))])
        if order is not None:
            ours, theirs = order.value(), F.col(_HELD_ORDER)
            stays = old_rows is OldRows.STAY
            stands = stands & (~order.beats(ours, theirs) if stays else order.beats(theirs, ours))
        if CAST_ERRORS in frame.columns:
            stands = stands & frame[CAST_ERRORS].isNull()
        return frame.join(known, stands, "left_anti")

    @property
    def _order(self) -> Order | None:
        if self.order_by is None or (order := Order.of(self.order_by)) is None:
            return None
        return order if self.keep == "first" else order.reversed()


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
        """Keep one row of those that agree in ``keys`` (without keys: in all columns but the library's own).

        ``keep="latest", order_by="updated_at"`` says which one. Rows that the table holds count too, unless
        ``against_target=False``. What is taken out is counted.
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
