"""All rules of a table in one pass: each row is marked, the marks are counted, the counts must add up."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.quality.casts import CAST_ERRORS
from lakehouse.quality.errors import (
    ConservationError,
    ExpectationFailedError,
    WholeExpectationFailedError,
)
from lakehouse.quality.expectation import Expectation, RuleAction
from lakehouse.quality.whole_expectation import WholeExpectation

__all__ = ["Judgement", "Tally", "judge"]

_ACTION = "__lakehouse_action"
_BROKEN = "__lakehouse_broken_{}"
_MEASURE = "__lakehouse_measure_{}"
_EXAMPLES_SHOWN = 3

CASTS = "cast"
"""The name under which rows with failed casts are counted among the broken rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many rows went where. What it holds was counted before anything was written."""

    rows_in: int
    written: int
    dropped: int
    quarantined: int
    failed: int
    broken: Mapping[str, int]
    """Rows that break a rule, by the rule's name, whatever became of them."""

    def with_rows_in(self, rows_in: int) -> Tally:
        """Return the tally with another's count of the rows that came in."""
        return dataclasses.replace(self, rows_in=rows_in)

    def with_failed_casts(self, rows: int) -> Tally:
        """Return the tally with rows that failed casts kept from the rules: they came in, and are quarantined."""
        casts = self.broken.get(CASTS, 0) + rows
        return dataclasses.replace(
            self,
            rows_in=self.rows_in + rows,
            quarantined=self.quarantined + rows,
            broken={**self.broken, CASTS: casts},
        )

    def with_kept_rows_to(self, action: RuleAction) -> Tally:
        """Return the tally where a rule about all rows sends those that would be written elsewhere."""
        moved = {RuleAction.DROP: "dropped", RuleAction.QUARANTINE: "quarantined", RuleAction.FAIL: "failed"}
        if action is RuleAction.WARN:
            return self
        there = moved[action]
        return dataclasses.replace(self, written=0, **{there: getattr(self, there) + self.written})

    def with_broken(self, counts: Mapping[str, int]) -> Tally:
        """Return the tally with counts of rules that were judged on the way."""
        return dataclasses.replace(self, broken={**counts, **self.broken}) if counts else self

    def check_conservation(self, *, table: str) -> None:
        """Raise ConservationError unless every row that came in goes somewhere."""
        if self.rows_in != self.written + self.dropped + self.quarantined + self.failed:
            raise ConservationError(
                table=table,
                rows_in=self.rows_in,
                written=self.written,
                dropped=self.dropped,
                quarantined=self.quarantined,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A frame whose rows carry their marks. Look at it twice only after ``marked`` was persisted."""

    marked: DataFrame
    expectations: Sequence[Expectation]
    has_cast_errors: bool
    whole: Sequence[WholeExpectation] = ()
    look_ups: Sequence[str] = ()
    """Columns that only the rules look at: they go with the marks."""
    broken_whole: Mapping[str, str] = field(default_factory=dict)
    """Once the rows are counted: the rules about all rows that are broken, each with the reason."""

    def tally(self) -> Tally:
        """Count in one aggregate over the marked rows."""
        return self.counted()[1]

    def counted(self) -> tuple[Judgement, Tally]:
        """Count in one aggregate over the marked rows; return the judgement with what they break together."""
        row = self.marked.agg(*self._counts()).first()
        assert row is not None  # noqa: S101 - an aggregate without groups has one row
        return self._with_counts(row.asDict(recursive=False))

    def counting_itself(self) -> tuple[Judgement, Observation]:
        """Return a judgement whose marked rows are counted by whatever goes through them first.

        No filter behind that point is moved before it, so that all rows come to it.
        """
        point = Observation()
        return dataclasses.replace(self, marked=self.marked.observe(point, *self._counts())), point

    def tally_of(self, counts: Mapping[str, Any]) -> Tally:
        """Return the tally of what such a point has counted."""
        return self._with_counts(counts)[1]

    def _counts(self) -> list[Column]:
        counts = [
            F.count_if(F.col(_ACTION) == action.value).alias(action.name.lower()) for action in RuleAction
        ]
        broken = [
            F.count_if(F.col(_BROKEN.format(position))).alias(_BROKEN.format(position))
            for position in range(len(self.expectations))
        ]
        casts = (
            [F.count_if(F.col(CAST_ERRORS).isNotNull()).alias(CAST_ERRORS)] if self.has_cast_errors else []
        )
        stays = F.col(_ACTION) == RuleAction.WARN.value
        measures = [
            rule.measure(stays).alias(_MEASURE.format(position)) for position, rule in enumerate(self.whole)
        ]
        return [F.count(F.lit(1)).alias("rows"), *counts, *broken, *casts, *measures]

    def _with_counts(self, row: Mapping[str, Any]) -> tuple[Judgement, Tally]:
        by_rule = {
            rule.name: row[_BROKEN.format(position)] for position, rule in enumerate(self.expectations)
        }
        reasons = {
            rule.name: reason
            for position, rule in enumerate(self.whole)
            if (reason := rule.why_broken(row[_MEASURE.format(position)])) is not None
        }
        # A batch without a row can break such a rule too: it counts as one.
        by_whole = {rule.name: max(row["rows"], 1) if rule.name in reasons else 0 for rule in self.whole}
        tally = Tally(
            rows_in=row["rows"],
            written=row["warn"],
            dropped=row["drop"],
            quarantined=row["quarantine"],
            failed=row["fail"],
            broken=by_rule | by_whole | ({CASTS: row[CAST_ERRORS]} if self.has_cast_errors else {}),
        )
        judgement = dataclasses.replace(self, broken_whole=reasons)
        return judgement, tally.with_kept_rows_to(judgement._hardest_whole)

    @property
    def _hardest_whole(self) -> RuleAction:
        """What becomes of rows that break nothing by themselves."""
        actions = [rule.action for rule in self.whole if rule.name in self.broken_whole]
        return max(actions, default=RuleAction.WARN)

    def check_fatal(self, tally: Tally, *, table: str) -> None:
        """Raise ExpectationFailedError, with a few of the rows, where a fatal rule is broken."""
        for whole in self.whole:
            if whole.action is RuleAction.FAIL and whole.name in self.broken_whole:
                reason = self.broken_whole[whole.name]
                raise WholeExpectationFailedError(table=table, rule=whole.name, reason=reason)
        for position, rule in enumerate(self.expectations):
            if rule.action is RuleAction.FAIL and tally.broken[rule.name]:
                rows = self._plain(self.marked.where(F.col(_BROKEN.format(position)))).take(_EXAMPLES_SHOWN)
                raise ExpectationFailedError(
                    table=table,
                    rule=rule.name,
                    condition=rule.why_broken or rule.text,
                    broken_rows=tally.broken[rule.name],
                    examples=[str(row) for row in rows],
                )

    def kept(self) -> DataFrame:
        """Return the rows to write, as they came, without marks."""
        if self._hardest_whole is not RuleAction.WARN:
            return self._plain(self.marked.limit(0))
        return self._plain(self.marked.where(F.col(_ACTION) == RuleAction.WARN.value))

    def quarantined(self) -> DataFrame:
        """Return the rows to set aside, with all that they break in ``_errors`` (array of struct: rule, message)."""
        together = self._hardest_whole is RuleAction.QUARANTINE
        actions = [RuleAction.QUARANTINE.value, *([RuleAction.WARN.value] if together else [])]
        rows = self.marked.where(F.col(_ACTION).isin(actions))
        return self._plain(rows.withColumn("_errors", self._errors()))

    def _errors(self) -> Column:
        messages = [
            F.when(
                F.col(_BROKEN.format(position)),
                F.struct(F.lit(rule.name).alias("rule"), F.lit(rule.message).alias("message")),
            )
            for position, rule in enumerate(self.expectations)
        ]
        empty = F.array().cast("array<struct<rule:string,message:string>>")
        messages += [
            F.struct(F.lit(name).alias("rule"), F.lit(reason).alias("message"))
            for name, reason in self.broken_whole.items()
        ]
        by_rules = F.filter(F.array(*messages), lambda message: message.isNotNull()) if messages else empty
        if not self.has_cast_errors:
            return by_rules
        return F.concat(F.coalesce(F.col(CAST_ERRORS), empty), by_rules)

    def _plain(self, frame: DataFrame) -> DataFrame:
        marks = [_BROKEN.format(position) for position in range(len(self.expectations))]
        return frame.drop(_ACTION, CAST_ERRORS, *marks, *self.look_ups)


def judge(
    frame: DataFrame,
    expectations: Sequence[Expectation],
    *,
    whole: Sequence[WholeExpectation] = (),
    look_ups: Sequence[str] = (),
) -> Judgement:
    """Mark every row with the rules that it breaks and with what becomes of it.

    ``look_ups`` are columns of the frame that only the rules look at.
    """
    has_cast_errors = CAST_ERRORS in frame.columns
    marks = {_BROKEN.format(position): rule.broken() for position, rule in enumerate(expectations)}
    marked = frame.withColumns(marks) if marks else frame
    actions = [
        F.when(F.col(_BROKEN.format(position)), F.lit(rule.action.value)).otherwise(F.lit(0))
        for position, rule in enumerate(expectations)
    ]
    if has_cast_errors:
        quarantine = F.lit(RuleAction.QUARANTINE.value)
        actions.append(F.when(F.col(CAST_ERRORS).isNotNull(), quarantine).otherwise(F.lit(0)))
    hardest = F.greatest(F.lit(0), F.lit(0), *actions).cast("tinyint")
    return Judgement(
        marked=marked.withColumn(_ACTION, hardest),
        expectations=tuple(expectations),
        has_cast_errors=has_cast_errors,
        whole=tuple(whole),
        look_ups=tuple(look_ups),
    )
