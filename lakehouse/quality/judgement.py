"""All rules of a table in one pass: each row is marked, the marks are counted, the counts must add up."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
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

_BROKEN = "__lakehouse_broken"
"""The positions of the rules that a row breaks, in their order; NULL for a row that breaks none."""
_COUNT = "__lakehouse_count_{}"
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
    on_staying: Callable[[DataFrame], None] | None = None
    """Called with the rows that no rule about a row takes out, before those about all rows say what is wrong."""
    broken_whole: Mapping[str, str] = field(default_factory=dict)
    """Once the rows are counted: the rules about all rows that are broken, each with the reason."""

    def tally(self) -> Tally:
        """Count in one aggregate over the marked rows."""
        return self.counted()[1]

    def counted(self) -> tuple[Judgement, Tally]:
        """Count in one aggregate over the marked rows; return the judgement with what they break together.

        There is a second one where more rows break a rule than it tolerates: until it is known, they are kept.
        """
        row = self.marked.agg(*self._counts()).first()
        assert row is not None  # noqa: S101 - an aggregate without groups has one row
        settled = [
            rule.settled(row[_COUNT.format(position)], of=row["rows"])
            for position, rule in enumerate(self.expectations)
        ]
        judgement = dataclasses.replace(self, expectations=tuple(settled))
        if any(
            before.at_most is not None and rule.action is not RuleAction.WARN
            for before, rule in zip(self.expectations, settled, strict=True)
        ):
            return judgement.counted()
        return judgement._with_counts(row.asDict(recursive=False))

    @property
    def is_by_row(self) -> bool:
        """Whether a row alone says what becomes of it: no rule is about all of them, or tolerates some."""
        return not self.whole and all(rule.at_most is None for rule in self.expectations)

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
        action = self._action()
        counts = [F.count_if(action == each.value).alias(each.name.lower()) for each in RuleAction]
        broken = [
            F.count_if(F.array_contains(_BROKEN, position)).alias(_COUNT.format(position))
            for position in range(len(self.expectations))
        ]
        casts = (
            [F.count_if(F.col(CAST_ERRORS).isNotNull()).alias(CAST_ERRORS)] if self.has_cast_errors else []
        )
        stays = action == RuleAction.WARN.value
        measures = [
            rule.measure(stays).alias(_MEASURE.format(position)) for position, rule in enumerate(self.whole)
        ]
        return [F.count(F.lit(1)).alias("rows"), *counts, *broken, *casts, *measures]

    def _with_counts(self, row: Mapping[str, Any]) -> tuple[Judgement, Tally]:
        by_rule = {rule.name: row[_COUNT.format(position)] for position, rule in enumerate(self.expectations)}
        if self.whole and self.on_staying is not None:
            self.on_staying(self.kept())
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

    def _action(self) -> Column:
        """Return what becomes of a row by all that it breaks; what is tolerated keeps it."""
        actions = [0 if rule.at_most is not None else rule.action.value for rule in self.expectations]
        hardest = F.lit(0)
        if any(actions):
            by_rule = F.array(*map(F.lit, actions))
            of_broken = F.transform(_BROKEN, lambda position: F.element_at(by_rule, position + 1))
            hardest = F.when(F.col(_BROKEN).isNotNull(), F.coalesce(F.array_max(of_broken), F.lit(0)))
            hardest = hardest.otherwise(F.lit(0))
        if not self.has_cast_errors:
            return hardest
        quarantine = F.lit(RuleAction.QUARANTINE.value)
        return F.greatest(hardest, F.when(F.col(CAST_ERRORS).isNotNull(), quarantine).otherwise(F.lit(0)))

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
                rows = self._plain(self.marked.where(F.array_contains(_BROKEN, position))).take(
                    _EXAMPLES_SHOWN
                )
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
        return self._plain(self.marked.where(self._action() == RuleAction.WARN.value))

    def quarantined(self) -> DataFrame:
        """Return the rows to set aside, with all that they break in ``_errors`` (array of struct: rule, message)."""
        together = self._hardest_whole is RuleAction.QUARANTINE
        actions = [RuleAction.QUARANTINE.value, *([RuleAction.WARN.value] if together else [])]
        rows = self.marked.where(self._action().isin(actions))
        return self._plain(rows.withColumn("_errors", self._errors()))

    def _errors(self) -> Column:
        empty = F.array().cast("array<struct<rule:string,message:string>>")
        parts = [F.coalesce(F.col(CAST_ERRORS), empty)] if self.has_cast_errors else []
        if self.expectations:
            messages = F.array(*(_error(F.lit(rule.name), rule.told()) for rule in self.expectations))
            told = F.transform(_BROKEN, lambda position: F.element_at(messages, position + 1))
            parts.append(F.coalesce(told, empty))
        parts += [F.array(_error(F.lit(name), F.lit(why))) for name, why in self.broken_whole.items()]
        return F.concat(*parts) if parts else empty

    def _plain(self, frame: DataFrame) -> DataFrame:
        return frame.drop(_BROKEN, CAST_ERRORS, *self.look_ups)


def judge(
    frame: DataFrame,
    expectations: Sequence[Expectation],
    *,
    whole: Sequence[WholeExpectation] = (),
    look_ups: Sequence[str] = (),
    on_staying: Callable[[DataFrame], None] | None = None,
) -> Judgement:
    """Mark every row with the rules that it breaks and with what becomes of it.

    ``look_ups`` are columns of the frame that only the rules look at; ``on_staying`` is as in Judgement.
    """
    return Judgement(
        marked=frame.withColumn(_BROKEN, _broken(expectations)) if expectations else frame,
        expectations=tuple(expectations),
        has_cast_errors=CAST_ERRORS in frame.columns,
        whole=tuple(whole),
        look_ups=tuple(look_ups),
        on_staying=on_staying,
    )


def _broken(expectations: Sequence[Expectation]) -> Column:
    """Return the positions of the rules that a row breaks: one column, NULL for most rows, costs little to keep."""
    marks = [rule.broken() for rule in expectations]
    first = F.when(marks[0], F.lit(True))
    is_broken = functools.reduce(lambda found, mark: found.when(mark, F.lit(True)), marks[1:], first)
    positions = F.array(*(F.when(mark, F.lit(position)) for position, mark in enumerate(marks)))
    return F.when(is_broken, F.filter(positions, lambda position: position.isNotNull()))


def _error(rule: Column, message: Column) -> Column:
    return F.struct(rule.alias("rule"), message.alias("message"))
