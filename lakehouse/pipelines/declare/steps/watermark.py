"""Event time: rows that come too late after the newest of the batches before are set aside, with how late they are."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.sources import is_moment, microseconds
from lakehouse.pipelines.declare.steps.interface import Step, StepContext, StepWords, check_columns
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.quality import CAST_ERRORS
from lakehouse.source_location import caller_location
from lakehouse.tables import quoted
from lakehouse.words import word

__all__ = ["Watermark", "WatermarkWords"]

_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)
_FIRST_US = (dt.datetime.min.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
"""The earliest moment that has a text here: a line may lie before it."""
_ERRORS_TYPE = "array<struct<rule:string,message:string>>"
_FIX_DELAY = "write a number and a unit (seconds, minutes, hours, days, weeks): '2 days'."


@dataclass(frozen=True, slots=True, kw_only=True)
class _WatermarkYaml:
    column: str
    delay: str


@word("watermark")
@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark(Step):
    """Sets rows aside whose event time is more than ``delay`` before the newest one of the batches before.

    That line stands in the batch: repeated, it judges the same. It never moves back while the delay stays the same.
    Event times behind the moment at which a batch was decided don't move it: one clock that is wrong must not make
    all others late. NULL is never late.
    """

    yaml_type: ClassVar[Any] = _WatermarkYaml
    keeps_failed_casts: ClassVar[bool] = True

    column: str
    delay: str
    decided_at: dt.datetime | None = field(default=None, compare=False)
    """When the batch was decided whose rows are judged; None outside of a run."""
    watermark_us: int | None = field(default=None, compare=False)
    """The earliest event time that is not late, in microseconds since the epoch; None: none is late."""

    @classmethod
    def from_yaml(cls, given: _WatermarkYaml, part: YamlPart) -> Watermark:
        return cls(column=given.column, delay=given.delay, location=part.location)

    def to_python(self, language: Language) -> Call:
        return Call.of("watermark", self.to_yaml(language), "column", "delay")

    @property
    def label(self) -> str:
        return f"watermark({self.column})"

    @property
    def rule(self) -> str:
        """The name under which late rows are counted and quarantined."""
        return f"late({self.column})"

    def problems(self) -> Sequence[DefinitionError]:
        return () if duration(self.delay) else (self._problem(f"the delay {self.delay!r}", _FIX_DELAY),)

    def problems_with(self, old_rows: OldRows) -> Sequence[DefinitionError]:
        if old_rows in (OldRows.STAY, OldRows.MAY_CHANGE, OldRows.DECIDED):
            return ()
        fix = "take it out, or append the rows that are new: where all are read each time, old ones are no latecomers."
        return (self._problem("a table that is written anew", fix),)

    def problems_from(self, *, gives_all_rows: bool | None) -> Sequence[DefinitionError]:
        if gives_all_rows is not True:
            return ()
        fix = "read only new rows: read(…, incremental=True)."
        return (self._problem("a source that gives all rows each time, those of old batches too", fix),)

    @property
    def event_times(self) -> Sequence[str]:
        return (self.column,)

    def in_batch(self, *, decided_at: dt.datetime, newest_us: Mapping[str, int]) -> Step:
        newest, delay = newest_us.get(self.column), duration(self.delay) or dt.timedelta(0)
        watermark_us = None if newest is None else newest - delay // _MICROSECOND
        return dataclasses.replace(self, decided_at=decided_at, watermark_us=watermark_us)

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        self._check(frame)
        earlier = F.col(CAST_ERRORS) if CAST_ERRORS in frame.columns else F.lit(None).cast(_ERRORS_TYPE)
        if self.watermark_us is None:
            return frame.withColumn(CAST_ERRORS, earlier)
        together = F.concat(F.coalesce(earlier, F.array().cast(_ERRORS_TYPE)), F.array(self._error(frame)))
        return frame.withColumn(CAST_ERRORS, F.when(self._is_late(frame), together).otherwise(earlier))

    def watched(self, frame: DataFrame) -> Mapping[str, Column]:
        self._check(frame)
        return {} if self.watermark_us is None else {self.rule: self._is_late(frame)}

    def measured(self, frame: DataFrame) -> Mapping[str, Column]:
        event_us = self._event_us(frame)
        if self.decided_at is not None:
            event_us = F.when(event_us <= (self.decided_at - _EPOCH) // _MICROSECOND, event_us)
        return {self.column: F.max(event_us)}

    def why_not_by_row(self) -> str | None:
        return "compares rows with the newest of the batches before"

    @property
    def sets_rows_aside(self) -> bool:
        return True

    def passes_on(self, column: str) -> str | None:
        return column

    def _check(self, frame: DataFrame) -> None:
        check_columns(self, [self.column], frame)
        data_type = frame.schema[self.column].dataType
        if not is_moment(data_type):
            wrong = f"the column {self.column!r}, which is {data_type.simpleString()}"
            raise self._problem(wrong, "name a column of dates or timestamps, or cast it before.")

    def _is_late(self, frame: DataFrame) -> Column:
        return F.coalesce(self._event_us(frame) < F.lit(self.watermark_us), F.lit(False))

    def _event_us(self, frame: DataFrame) -> Column:
        return microseconds(F.col(quoted(self.column)), frame.schema[self.column].dataType)

    def _error(self, frame: DataFrame) -> Column:
        line_us = self.watermark_us or 0
        seconds = (F.lit(line_us) - self._event_us(frame)) / 1_000_000
        line = (_EPOCH + max(line_us, _FIRST_US) * _MICROSECOND).isoformat()
        told = F.concat(
            F.col(quoted(self.column)).cast("string"),
            F.lit(" is "),
            F.format_string("%.6f", seconds),
            F.lit(f" seconds behind the watermark {line}"),
        )
        return F.struct(F.lit(self.rule).alias("rule"), told.alias("message"))

    def _problem(self, wrong: str, fix: str) -> InvalidStepError:
        return InvalidStepError(step=self.label, wrong=wrong, fix=fix, location=self.location)


class WatermarkWords(StepWords):
    """What a flow says of the time at which things happened."""

    __slots__ = ()

    def watermark(self, column: str, delay: str) -> Self:
        """Set rows aside that come more than ``delay`` (``"2 days"``) after the newest ``column`` of earlier batches.

        They come into the quarantine with how late they are, and are counted as ``late(column)``. Put it before
        steps that forget late rows, such as an aggregate by day.
        """
        return self.step(Watermark(column=column, delay=delay, location=caller_location()))
