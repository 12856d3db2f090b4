"""What becomes of a batch's rows: decided by the table's rules in one pass, before any of them is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.steps import may_choose, runs_code
from lakehouse.pipelines.refresh.counted_rows import CountedRows
from lakehouse.pipelines.refresh.failed_casts import FailedCasts
from lakehouse.pipelines.refresh.looked_up_rows import JudgingContext, LookedUpRows
from lakehouse.pipelines.refresh.row_counts import RowCounter, rows
from lakehouse.quality import CAST_ERRORS, ConservationError, Expectation, Judgement, Tally, judge
from lakehouse.tables import StagedRows, estimated_bytes

__all__ = ["JudgedRows", "judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRows:
    """The rows to write, those to set aside, and their counts."""

    kept: DataFrame
    kept_point: Observation | None = None
    """Counts the kept rows while they are written, where no rule counted them before."""
    quarantined: DataFrame | None = None
    tally: Tally | None = None
    persisted: tuple[DataFrame, ...] = ()
    rejected_count: int = 0
    """How many of the quarantined rows did not come to the rules: they stand for inputs that the source rejects, or
    came with earlier batches."""
    kept_is_decided: bool = False
    """Whether the rows to write are what a decision makes of those that came, and their number is another."""
    beside: DataFrame | None = None
    """Rows that are kept beside the table."""
    counting: CountedRows | None = None
    """What counts the rows while those to write are written; None where they are counted already, or not at all."""
    failed_casts: FailedCasts | None = None
    """Rows that left the way before the rules, for ``counted`` to look at."""

    @property
    def kept_bytes(self) -> int | None:
        """About how large a file of the kept rows is; None where they are not computed yet."""
        return None if self.tally is None else estimated_bytes(self.kept.schema, self.tally.written)

    @property
    def quarantined_bytes(self) -> int | None:
        """About how large a file of the quarantined rows is; None where there are none."""
        if self.quarantined is None:
            return None
        judged_count = 0 if self.tally is None else self.tally.quarantined
        return estimated_bytes(self.quarantined.schema, judged_count + self.rejected_count)

    def with_rejected(self, rejected: DataFrame | None) -> JudgedRows:
        """Return them with what the source itself rejects among the quarantined rows."""
        if rejected is None:
            return self
        together = rejected
        if self.quarantined is not None:
            together = self.quarantined.unionByName(rejected, allowMissingColumns=True)
        return dataclasses.replace(self, quarantined=together, rejected_count=rejected.count())

    def counted(self, written: int) -> JudgedRows:
        """Return them with their counts, once those to write are in files, which hold ``written`` rows."""
        if self.counting is None:
            return self
        tally = self.counting.tally(written)
        judged_rows = JudgedRows(
            kept=self.kept,
            quarantined=self.counting.quarantined() if tally.quarantined else None,
            tally=tally,
            persisted=self.persisted,
        )
        if self.failed_casts is not None:
            judged_rows = _with_failed_casts(judged_rows, self.failed_casts)
        together = [each for each in (judged_rows.quarantined, self.quarantined) if each is not None]
        return dataclasses.replace(
            judged_rows, quarantined=_union(together), rejected_count=self.rejected_count
        )

    def in_batch(self, number: int) -> DataFrame | None:
        """Return the quarantined rows with the number of their batch; None when there are none."""
        if self.quarantined is None:
            return None
        return self.quarantined.withColumn("_batch", F.lit(number).cast("bigint"))

    def tally_of_written(self, written: int) -> Tally:
        """Return the counts of the judgement; where no rule judged, those of the rows that were written."""
        if self.tally is not None:
            return self.tally
        return Tally(rows_in=written, written=written, dropped=0, quarantined=0, failed=0, broken={})

    def counted_while_written(self, *, ours: bool) -> Tally:
        """Return the counts after a write that was ours; else nobody here has counted."""
        return self.tally_of_written(rows(self.kept_point) if ours and self.kept_point is not None else 0)

    def check_written(
        self, tally: Tally, kept: StagedRows, quarantined: StagedRows | None, *, table: str
    ) -> None:
        """Raise ConservationError unless each file holds as many rows as were judged to be in it."""
        aside = (0 if quarantined is None else quarantined.row_count) - self.rejected_count
        expected = kept.row_count if self.kept_is_decided else tally.written
        if (kept.row_count, aside) != (expected, tally.quarantined):
            raise ConservationError(
                table=table,
                rows_in=tally.rows_in,
                written=tally.written,
                dropped=tally.dropped,
                quarantined=tally.quarantined,
                in_files=(kept.row_count, aside),
            )

    def release(self) -> None:
        """Let go of what was kept in memory."""
        for frame in self.persisted:
            frame.unpersist()


def judged(
    frame: DataFrame,
    rules: Sequence[FlowRule],
    counter: RowCounter,
    *,
    table: str,
    context: JudgingContext,
    settle: Callable[[DataFrame], DataFrame],
    while_written: bool = False,
    contract: Sequence[Expectation] = (),
    marks: Sequence[str] = (),
    hold: Callable[[DataFrame], DataFrame] = DataFrame.persist,
) -> JudgedRows:
    """Judge the rows that reach a table's rules. Raises ExpectationFailedError when one breaks a fatal rule, and
    WholeExpectationFailedError when all of them do together.

    ``contract`` is kept by rows beside the rules; it looks at the columns ``marks``, which are not written.
    Rows that steps or rules choose freely are settled with their marks, so that what is judged is what is written.
    With ``while_written``, rows that can be are counted by the action that writes them: ``counted`` gives the counts.
    What is looked at several times is held.
    """
    frame, entered = counter.count(frame)
    if not rules and not contract and CAST_ERRORS not in frame.columns and not counter.failed_casts:
        return JudgedRows(kept=frame, kept_point=entered)
    persisted: list[DataFrame] = []
    try:
        looked_up = frame
        if look_ups := [column for rule in rules for column in rule.look_ups]:
            # Rules look at the rows before they are judged: what computes them must not run twice.
            frame = settle(frame) if counter.choices else hold(frame)
            persisted.append(frame)
            found = LookedUpRows.of(frame, rules, context, contract=contract, hold=hold)
            persisted += found.persisted
            looked_up, seen = found.rows, found.answers
        else:
            seen = context.judging(frame)
        judgement = judge(
            looked_up,
            [*contract, *(each for rule in rules for each in rule.expectations())],
            whole=[each for rule in rules for each in rule.whole_expectations(seen)],
            look_ups=[*marks, *look_ups],
            on_staying=context.rows_stay,
        )
        if (counter.choices and not look_ups) or _may_choose(rules, frame, judgement):
            judgement = dataclasses.replace(judgement, marked=settle(judgement.marked))
        elif while_written and not look_ups and _may_be_written_first(judgement):
            counting = CountedRows.of(judgement, entered, table=table)
            return JudgedRows(kept=counting.kept(), counting=counting, failed_casts=counter.failed_casts)
        judgement = dataclasses.replace(judgement, marked=hold(judgement.marked))
        persisted.append(judgement.marked)
        counted = _with_failed_casts(_counted(judgement, entered, table), counter.failed_casts, hold)
        return dataclasses.replace(counted, persisted=(*counted.persisted, *persisted))
    except BaseException:
        for each in persisted:
            each.unpersist()
        raise


def _may_choose(rules: Sequence[FlowRule], frame: DataFrame, judgement: Judgement) -> bool:
    """Say whether rules may judge the same rows otherwise another time; Spark's plan says it where texts don't."""
    by_row = not judgement.look_ups and all(rule.is_by_row for rule in rules)
    return not by_row and may_choose(frame, judgement.marked)


def _may_be_written_first(judgement: Judgement) -> bool:
    """Say whether rows can be written before they are counted: a row tells its end, and each look finds the same."""
    return judgement.is_by_row and not runs_code(judgement.marked)


def _counted(judgement: Judgement, entered: Observation, table: str) -> JudgedRows:
    judgement, counts = judgement.counted()
    judgement.check_fatal(counts, table=table)
    tally = counts.with_rows_in(rows(entered))
    tally.check_conservation(table=table)
    return JudgedRows(
        kept=judgement.kept(),
        quarantined=judgement.quarantined() if tally.quarantined else None,
        tally=tally,
    )


def _with_failed_casts(
    judged_rows: JudgedRows,
    failed: FailedCasts,
    hold: Callable[[DataFrame], DataFrame] = DataFrame.persist,
) -> JudgedRows:
    """Add the rows that were set aside before the rules: they count as come in and as quarantined."""
    if not failed or judged_rows.tally is None:
        return judged_rows
    found = [hold(rows) for rows in failed.rows(judged_rows.kept)]
    together = [*([judged_rows.quarantined] if judged_rows.quarantined is not None else []), *found]
    return dataclasses.replace(
        judged_rows,
        quarantined=_union(together),
        tally=judged_rows.tally.with_failed_casts(sum(rows.count() for rows in found)),
        persisted=(*judged_rows.persisted, *found),
    )


def _union(frames: Sequence[DataFrame]) -> DataFrame | None:
    if not frames:
        return None
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)
