"""Rows of two tables that belong together and lie close in time, as a source: each pair once, whichever came first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, overload

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, StructField, StructType, TimestampType

from lakehouse.delta_log import Predicate, col
from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources.history import CondensedHistory, History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
    TableReference,
    TablesBeside,
)
from lakehouse.pipelines.declare.sources.moments import is_moment, microseconds
from lakehouse.pipelines.declare.sources.tables import TableSource
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.pipelines.errors import InvalidStepError, UnknownColumnError
from lakehouse.tables import IReadableDeltaTable, quoted
from lakehouse.words import word

__all__ = ["PairsSource"]

_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
_THEIRS = "__lakehouse_theirs_{}"
_NO_TIME = "0 seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PairsYaml:
    left: str
    right: str
    on: str | list[str]
    times: list[str]
    earlier: str = _NO_TIME
    later: str = _NO_TIME


@word("read_pairs")
@dataclass(frozen=True, slots=True, kw_only=True)
class PairsSource(Source):
    """Each pair of a row of ``left`` and one of ``right`` that agree in ``on``, once.

    The right row's time is at most ``earlier`` before the left row's, and at most ``later`` behind it. A batch pairs
    what is new on either side with all that the other side has by then: of that, only what can lie close enough to
    the new rows is read, so that the tables are all the state there is. Rows that come late to a table are set
    aside by its own watermark, and make no pair.

    Inputs are by side those of a table that is read for its new rows.
    """

    yaml_type: ClassVar[Any] = _PairsYaml
    stands_beside: ClassVar[bool] = True

    left: str
    right: str
    on: tuple[str, ...]
    times: tuple[str, ...]
    """The columns of the left table's time and the right table's."""
    earlier: str = _NO_TIME
    later: str = _NO_TIME

    @classmethod
    def from_yaml(cls, given: _PairsYaml, part: YamlPart) -> PairsSource:
        return cls(
            left=given.left,
            right=given.right,
            on=names(given.on),
            times=tuple(given.times),
            earlier=given.earlier,
            later=given.later,
            location=part.location,
        )

    def to_python(self, language: Language) -> Call:
        return Call.of("read_pairs", self.to_yaml(language), "left", "right")

    @property
    def label(self) -> str:
        return f"pairs of {self.left} and {self.right}"

    @property
    def gives_all_rows(self) -> bool:
        return False

    def tables(self) -> Sequence[TableReference]:
        return [TableReference(table=name, location=self.location) for name in (self.left, self.right)]

    def problems(self) -> Sequence[DefinitionError]:
        found = []
        if len(self.times) != 2:
            fix = "name two columns: times=('clicked_at', 'shown_at')."
            found.append((f"times={list(self.times)!r}", fix))
        if not self.on:
            found.append(("no columns that rows agree in", "name them: on='ad'."))
        if self.left == self.right:
            found.append((f"{self.left!r} on both sides", "name two tables."))
        found += [
            (f"{name}={length!r}", "write a number and a unit: '1 hour'.")
            for name, length in (("earlier", self.earlier), ("later", self.later))
            if duration(length) is None
        ]
        return [self._problem(wrong, fix) for wrong, fix in found]

    def problems_in(self, upstream: Mapping[str, StructType]) -> Sequence[DefinitionError]:
        found: list[DefinitionError] = []
        for table, time in zip((self.left, self.right), self.times, strict=False):
            schema = upstream[table]
            found += [
                UnknownColumnError(
                    column=name,
                    available=schema.names,
                    step=f"read_pairs of {table!r}",
                    location=self.location,
                )
                for name in (*self.on, time)
                if name not in schema.names
            ]
            if time in schema.names and not is_moment(schema[time].dataType):
                wrong = f"the time {time!r} of {table!r}, which is {schema[time].dataType.simpleString()}"
                found.append(self._problem(wrong, "name a column of dates or timestamps, or cast it before."))
        return found

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        ours, theirs = upstream[self.left], upstream[self.right]
        named = self._names_of(ours.names, theirs.names)
        added = [StructField(named[each.name], each.dataType) for each in theirs.fields if each.name in named]
        return StructType([*ours.fields, *added])

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        if any(context.state(name) is None for name in (self.left, self.right)):
            return None
        found = {
            side: source.next_inputs(context, table, _OneSide(history, side))
            for side, source in self._sides.items()
        }
        news = [each for each in found.values() if each is not None]
        if not news:
            return None
        rebuilds = any(each.rebuilds for each in news)
        inputs: dict[str, Any] = {}
        for side, each in found.items():
            known = each.known if each is not None else None
            last = history[-1][side] if known is None else {}
            inputs[side] = dict(known) if known is not None else {**last, "after": last["through"]}
            if rebuilds:
                inputs[side]["after"] = -1
        reason = "; ".join(each.reason for each in news)
        return NewInputs(known=inputs, reason=reason, outside_bytes=0, rebuilds=rebuilds)

    def stands(self, context: SourceContext, inputs: Inputs) -> bool:
        return all(source.stands(context, inputs[side]) for side, source in self._sides.items())

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        ours, theirs = request.inputs["left"], request.inputs["right"]
        left, right = context.table(self.left), context.table(self.right)
        schemas = [_schema_of(left), _schema_of(right)]
        parts = []
        if ours["after"] < ours["through"]:
            new = left.rows_added(after=ours["after"], through=ours["through"])
            where = None if ours["after"] < 0 else self._near(new, schemas[1], 0)
            parts.append(self._paired(new, right.read(version=theirs["through"], where=where)))
        if 0 <= theirs["after"] < theirs["through"]:
            new = right.rows_added(after=theirs["after"], through=theirs["through"])
            where = self._near(new, schemas[0], 1)
            parts.append(self._paired(left.read(version=ours["after"], where=where), new))
        return reduce(DataFrame.unionByName, parts)

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        return self._paired(context.table(self.left).frame, context.table(self.right).frame)

    @property
    def _sides(self) -> Mapping[str, TableSource]:
        return {
            side: TableSource(table=name, incremental=True, location=self.location)
            for side, name in (("left", self.left), ("right", self.right))
        }

    @property
    def _reach_us(self) -> tuple[int, int]:
        """How far the right row's time may lie before the left row's, and behind it."""
        earlier, later = (duration(each) or dt.timedelta(0) for each in (self.earlier, self.later))
        return earlier // _MICROSECOND, later // _MICROSECOND

    def _names_of(self, ours: Sequence[str], theirs: Sequence[str]) -> dict[str, str]:
        """Return what the right table's columns are called in a pair; those that both agree in come once."""
        taken = {name.lower() for name in ours}
        table = self.right.rpartition(".")[2]
        return {
            name: f"{table}_{name}" if name.lower() in taken else name
            for name in theirs
            if name not in self.on
        }

    def _paired(self, ours: DataFrame, theirs: DataFrame) -> DataFrame:
        named = self._names_of(ours.columns, theirs.columns)
        hidden = {name: _THEIRS.format(at) for at, name in enumerate(theirs.columns)}
        right = theirs.select(*(F.col(quoted(name)).alias(hidden[name]) for name in theirs.columns))
        our_us, their_us = (
            microseconds(F.col(quoted(shown)), frame.schema[name].dataType)
            for frame, name, shown in (
                (ours, self.times[0], self.times[0]),
                (theirs, self.times[1], hidden[self.times[1]]),
            )
        )
        earlier_us, later_us = self._reach_us
        together = their_us.between(our_us - F.lit(earlier_us), our_us + F.lit(later_us))
        for name in self.on:
            together = together & (F.col(quoted(name)) == F.col(hidden[name]))
        shown = [F.col(hidden[name]).alias(alias) for name, alias in named.items()]
        return ours.join(right, together, "inner").select(
            *(F.col(quoted(name)) for name in ours.columns), *shown
        )

    def _near(self, new: DataFrame, other: StructType, side: int) -> Predicate | None:
        """Return what the other side's rows meet that can lie close enough to new ones; None where nobody knows."""
        time = new.schema[self.times[side]]
        us = microseconds(F.col(quoted(time.name)), time.dataType)
        span = new.agg(F.min(us), F.max(us)).first()
        if span is None or span[0] is None:
            return None
        first_us, last_us = span
        before_us, behind_us = self._reach_us if side == 0 else reversed(self._reach_us)
        theirs = other[self.times[1 - side]]
        return _between(theirs.name, theirs.dataType, first_us - before_us, last_us + behind_us)

    def _problem(self, wrong: str, fix: str) -> InvalidStepError:
        return InvalidStepError(step="read_pairs", wrong=wrong, fix=fix, location=self.location)


def _schema_of(table: IReadableDeltaTable) -> StructType:
    state = table.state()
    return StructType() if state is None else state.schema


def _between(column: str, data_type: DataType, first_us: int, last_us: int) -> Predicate | None:
    """Return that a time lies between two moments; None where they can't be written."""
    try:
        first, last = (_EPOCH + us * _MICROSECOND for us in (first_us, last_us))
    except OverflowError:
        return None
    if isinstance(data_type, DateType):
        return (col(column) >= first.date()) & (col(column) <= last.date())
    if isinstance(data_type, TimestampType):
        return (col(column) >= first) & (col(column) <= last)
    return None


class _OneSide(History):
    """The history of one table of the two."""

    def __init__(self, history: History, side: str) -> None:
        self._history = history
        self._side = side

    def __bool__(self) -> bool:
        return bool(self._history)

    def __len__(self) -> int:
        return len(self._history)

    @overload
    def __getitem__(self, index: int) -> Inputs: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Inputs]: ...

    def __getitem__(self, index: int | slice) -> Inputs | Sequence[Inputs]:
        if isinstance(index, slice):
            return [each[self._side] for each in self._history[index]]
        found: Inputs = self._history[index][self._side]
        return found

    def condensed(self, form: str) -> CondensedHistory:
        return CondensedHistory(body=None, since=list(self))
