"""Steps that take rows out: where, deduplicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, get_args

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import METADATA_COLUMNS
from lakehouse.pipelines.declare.expressions import why_not_by_row, why_varying, why_varying_code
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import is_moment
from lakehouse.pipelines.declare.steps.free_choice import may_choose
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.pipelines.declare.steps.order import Order
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values, names
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
_HELD_TIME = "__lakehouse_held_time"


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

    def to_yaml(self, language: Language) -> Any:
        return language.value(self.condition)

    def to_python(self, language: Language) -> Call:
        return Call(name="where", arguments=(self.to_yaml(language),))

    @property
    def label(self) -> str:
        return f"where({self.condition if isinstance(self.condition, str) else '…'})"

    @property
    def filter_text(self) -> str | None:
        return self.condition if isinstance(self.condition, str) else None

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        return frame.where(self.condition if isinstance(self.condition, str) else self.condition())

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        if isinstance(self.condition, str) and why_not_by_row(self.condition) is None:
            return False
        return may_choose(before, after)

    def why_not_by_row(self) -> str | None:
        return (
            why_varying(self.condition)
            if isinstance(self.condition, str)
            else why_varying_code(self.condition)
        )

    def passes_on(self, column: str) -> str | None:
        return column


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeduplicateYaml:
    keys: str | list[str] = field(default_factory=list)
    keep: _Keep = "any"
    order_by: str | None = None
    within: str | None = None
    against_target: bool = True


@word("deduplicate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Deduplicate(Step):
    """Keeps one row of those alike; in a table that is appended to, none that the table holds already.

    Without ``keys`` all columns count but the library's own, such as ``_ingested_at``. With them, ``keep`` says
    which row: the first or the latest by ``order_by``, or any. An ordered row also competes with the table's
    own: a later one comes in (beside the old one, or by merge over it), an earlier one does not.

    ``within`` bounds the look-back: a row of the table counts for a new row only where their values in the column
    ``order_by`` lie at most so far apart, before or after; NULL is compared with NULL alone. Rows of one batch are
    compared at any distance. New rows that a row further away may be alike, as far as the log tells, are counted
    in a step of their own.
    """

    yaml_type: ClassVar[Any] = _DeduplicateYaml
    removes_rows: ClassVar[bool] = True
    shuffles_rows: ClassVar[bool] = True

    keys: tuple[str, ...] = ()
    keep: Literal["any", "first", "latest"] = "any"
    order_by: str | None = None
    """An SQL expression, with ``ASC`` (the default) or ``DESC``; NULL comes last either way."""
    within: str | None = None
    """A number and a unit from seconds to weeks; ``order_by`` is a column of dates or timestamps then."""
    against_target: bool = True
    """Whether the rows that the table holds count too."""

    @classmethod
    def from_yaml(cls, given: _DeduplicateYaml, part: YamlPart) -> Deduplicate:
        return cls(location=part.location, **{**field_values(given), "keys": names(given.keys)})

    def to_python(self, language: Language) -> Call:
        said = self.to_yaml(language)
        return Call(name="deduplicate", arguments=said.pop("keys", ()), named=said)

    @property
    def label(self) -> str:
        return f"deduplicate({', '.join(self.keys)})"

    def problems(self) -> Sequence[DefinitionError]:
        fixes = []
        if self.keep not in get_args(_Keep):
            fixes.append((f"keep={self.keep!r}", "use 'any', 'first' or 'latest'."))
        elif self.keep != "any" and self.order_by is None:
            fixes.append((f"keep={self.keep!r} without order_by", "say by what: order_by='updated_at'."))
        elif self.keep == "any" and self.order_by is not None and self.within is None:
            fixes.append(("order_by without keep", "say which row: keep='first' or keep='latest'."))
        if self.order_by is not None and Order.of(self.order_by) is None:
            fixes.append(
                (f"order_by={self.order_by!r}", "order by one expression: struct(a, b) for several.")
            )
        fixes += self._misuses_of_within()
        return [self._problem(wrong, fix) for wrong, fix in fixes]

    def problems_with(self, old_rows: OldRows) -> Sequence[DefinitionError]:
        if self.within is None or old_rows is not OldRows.MAY_CHANGE:
            return ()
        # An old row that isn't looked at would be overwritten by a row that is older still.
        return (self._problem(f"within={self.within!r} before a merge", "leave within out, or append."),)

    def _problem(self, wrong: str, fix: str) -> InvalidStepError:
        return InvalidStepError(step=self.label, wrong=wrong, fix=fix, location=self.location)

    def _misuses_of_within(self) -> Sequence[tuple[str, str]]:
        if self.within is None:
            return ()
        if self.order_by is None:
            return ((f"within={self.within!r} without order_by", "say by what: order_by='updated_at'."),)
        if not self.against_target:
            fix = "leave one of them out: it bounds which of the table's rows are compared."
            return ((f"within={self.within!r} with against_target=False", fix),)
        if LookBack.of(self.within, column="a") is None:
            fix = "write a number and a unit (seconds, minutes, hours, days, weeks): within='30 days'."
            return ((f"within={self.within!r}", fix),)
        if self.look_back() is None:
            fix = "order by one column of dates or timestamps."
            return ((f"within={self.within!r} and order_by={self.order_by!r}", fix),)
        return ()

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        keys = [*self.compared_columns(frame), *([CAST_ERRORS] if CAST_ERRORS in frame.columns else [])]
        check_columns(self, keys, frame)
        self._check_look_back(frame)
        if (order := self._order) is None:
            return frame.dropDuplicates(keys)
        ranked = Window.partitionBy(*(F.col(quoted(key)) for key in keys)).orderBy(order.best_first())
        rank = "__lakehouse_rank"
        return frame.withColumn(rank, F.row_number().over(ranked)).where(F.col(rank) == 1).drop(rank)

    def chooses_freely(self, before: DataFrame, after: DataFrame) -> bool:
        # Rows that agree in all columns but the library's own are the same to every rule.
        return bool(self.keys)

    def why_not_by_row(self) -> str | None:
        return "compares rows with each other"

    def why_by_cut(self, old_rows: OldRows) -> str | None:
        compares_all = self.against_target or old_rows is not OldRows.STAY
        return None if compares_all else "compares only rows of one batch (against_target=False)"

    def why_varying(self) -> str | None:
        return "keeps any of several rows" if self.keep == "any" and self.keys else None

    def compares_with_target(self, old_rows: OldRows) -> bool:
        if not self.against_target:
            return False
        return old_rows is OldRows.STAY or (old_rows is OldRows.MAY_CHANGE and self._order is not None)

    def compared_columns(self, frame: DataFrame) -> Sequence[str]:
        return list(self.keys) or [name for name in frame.columns if name not in _OF_THE_LIBRARY]

    def look_back(self) -> LookBack | None:
        if self.within is None or self.order_by is None or (order := Order.of(self.order_by)) is None:
            return None
        return LookBack.of(self.within, column=order.text)

    def _check_look_back(self, frame: DataFrame) -> None:
        if (look_back := self.look_back()) is None:
            return
        check_columns(self, [look_back.column], frame)
        data_type = frame.schema[look_back.column].dataType
        if not is_moment(data_type):
            wrong = f"within={self.within!r}, and {look_back.column!r} is {data_type.simpleString()}"
            raise self._problem(wrong, "order by a column of dates or timestamps.")

    def without_held(
        self, frame: DataFrame, held: DataFrame, columns: Sequence[str], old_rows: OldRows
    ) -> DataFrame:
        order, look_back = self._order, self.look_back()
        value = [order.value().alias(_HELD_ORDER)] if order is not None else []
        if look_back is not None:
            value.append(F.col(quoted(look_back.column)).alias(_HELD_TIME))
        known = held.select(*(F.col(quoted(name)).alias(_HELD.format(name)) for name in columns), *value)
        stands = F.lit(True)
        for name in columns:  # NULL equals NULL here
            stands = stands & frame[quoted(name)].eqNullSafe(known[quoted(_HELD.format(name))])
        if order is not None:
            ours, theirs = order.value(), F.col(_HELD_ORDER)
            stays = old_rows is OldRows.STAY
            stands = stands & (~order.beats(ours, theirs) if stays else order.beats(theirs, ours))
        if look_back is not None:
            ours, data_type = frame[quoted(look_back.column)], frame.schema[look_back.column].dataType
            stands = stands & look_back.reaches(ours, known[_HELD_TIME], data_type)
        if CAST_ERRORS in frame.columns:
            stands = stands & frame[CAST_ERRORS].isNull()
        return frame.join(known, stands, "left_anti")

    @property
    def _order(self) -> Order | None:
        if self.keep == "any" or self.order_by is None or (order := Order.of(self.order_by)) is None:
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
        within: str | None = None,
        against_target: bool = True,
    ) -> Self:
        """Keep one row of those that agree in ``keys`` (without keys: in all columns but the library's own).

        ``keep="latest", order_by="updated_at"`` says which one. Rows that the table holds count too, unless
        ``against_target=False``. What is taken out is counted.

        ``within="30 days", order_by="ordered_at"`` compares a row only with those of the table that are at most 30
        days older or newer than it. A row that a row further away may be alike comes in, and is counted as such.
        """
        return self.step(
            Deduplicate(
                keys=keys,
                keep=keep,
                order_by=order_by,
                within=within,
                against_target=against_target,
                location=caller_location(),
            )
        )
