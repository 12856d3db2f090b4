"""Rows of two tables that belong together and lie close in time, as a source: each pair once, whichever came first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
    TableReference,
    TablesBeside,
)
from lakehouse.pipelines.declare.sources.moments import is_moment
from lakehouse.pipelines.declare.sources.pairing import Pairing, span_of_new
from lakehouse.pipelines.declare.sources.tables import TableSource
from lakehouse.pipelines.declare.yaml_part import YamlPart, names
from lakehouse.pipelines.errors import InvalidStepError, UnknownColumnError
from lakehouse.words import word

__all__ = ["PairsSource"]

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
@dataclass(frozen=True, kw_only=True)  # without slots, so that its parts are made once
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
        return self._pairing.schema(upstream[self.left], upstream[self.right])

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        if any(context.state(name) is None for name in (self.left, self.right)):
            return None
        last = history[-1] if history else None
        found = {
            side: source.inputs_since(context, table, None if last is None else last[side])
            for side, source in self._sides.items()
        }
        news = [each for each in found.values() if each is not None]
        if not news:
            return None
        rebuilds = any(each.rebuilds for each in news)
        inputs: dict[str, Any] = {}
        for side, each in found.items():
            if each is not None:
                inputs[side] = dict(each.known or {})
            elif last is not None:
                inputs[side] = {**last[side], "after": last[side]["through"]}
            if rebuilds:
                inputs[side]["after"] = -1
        reason = "; ".join(each.reason for each in news)
        return NewInputs(known=inputs, reason=reason, outside_bytes=0, rebuilds=rebuilds)

    def stands(self, context: SourceContext, inputs: Inputs) -> bool:
        return all(source.stands(context, inputs[side]) for side, source in self._sides.items())

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        ours, theirs = request.inputs["left"], request.inputs["right"]
        left, right = context.table(self.left), context.table(self.right)
        left_log, right_log = context.log(self.left), context.log(self.right)
        parts = []
        if ours["after"] < ours["through"]:
            came = {"after": ours["after"], "through": ours["through"]}
            new, where = left.rows_added(**came), None
            span = span_of_new(left_log, new, self.times[0], **came) if ours["after"] >= 0 else None
            if span is not None:
                where = self._pairing.near_left(span, right_log.schema(version=theirs["through"]))
            parts.append(self._pairing.of(new, right.read(version=theirs["through"], where=where)))
        if 0 <= theirs["after"] < theirs["through"]:
            came = {"after": theirs["after"], "through": theirs["through"]}
            new, where = right.rows_added(**came), None
            span = span_of_new(right_log, new, self.times[1], **came)
            if span is not None:
                where = self._pairing.near_right(span, left_log.schema(version=ours["after"]))
            parts.append(self._pairing.of(left.read(version=ours["after"], where=where), new))
        return reduce(DataFrame.unionByName, parts)

    def beside(self, context: TablesBeside, spark: SparkSession) -> DataFrame:
        return self._pairing.of(context.table(self.left).frame, context.table(self.right).frame)

    @cached_property
    def _sides(self) -> Mapping[str, TableSource]:
        return {
            side: TableSource(table=name, incremental=True, location=self.location)
            for side, name in (("left", self.left), ("right", self.right))
        }

    @cached_property
    def _pairing(self) -> Pairing:
        return Pairing(
            right=self.right.rpartition(".")[2],
            on=self.on,
            times=self.times,
            earlier=duration(self.earlier) or dt.timedelta(0),
            later=duration(self.later) or dt.timedelta(0),
        )

    def _problem(self, wrong: str, fix: str) -> InvalidStepError:
        return InvalidStepError(step="read_pairs", wrong=wrong, fix=fix, location=self.location)
