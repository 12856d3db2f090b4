"""The marks of rules about a row among other rows: a row that is taken out counts for no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Protocol

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.rules import FlowRule, RuleContext
from lakehouse.pipelines.declare.steps import may_choose, runs_code
from lakehouse.quality import CAST_ERRORS, Expectation, RuleAction

__all__ = ["JudgingContext", "LookedUpRows"]


class Answers(RuleContext, Protocol):
    """What rules are told of one batch."""

    @property
    def told_what_stays(self) -> bool:
        """Whether an answer depended on which rows of the batch stay."""


class JudgingContext(Protocol):
    """Answers the rules of a table."""

    def judging(self, rows: DataFrame, *, stays: Column | None = None) -> Answers:
        """Return the answers about a batch with these rows; ``stays`` says which of them no other rule takes out."""

    def rows_stay(self, rows: DataFrame) -> None:
        """Hear which of them no rule about a row takes out: they alone take the place of the table's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUpRows:
    """Rows with the columns ``look_ups`` of all their rules."""

    rows: DataFrame
    answers: Answers
    """For rules about all rows."""
    persisted: tuple[DataFrame, ...]

    @classmethod
    def of(
        cls,
        frame: DataFrame,
        rules: Sequence[FlowRule],
        context: JudgingContext,
        *,
        contract: Sequence[Expectation],
        hold: Callable[[DataFrame], DataFrame],
    ) -> LookedUpRows:
        """Let the rules look at rows, which are held.

        Those that stay are looked at again as long as rules that look rows up take some out: what refers to such a
        row refers to nothing, and a row of the table that it would have replaced is still there.
        """
        stays = _kept_alone(frame, rules, contract)
        out, look_ups = _taken_out(rules), [column for rule in rules for column in rule.look_ups]
        rest, done, held = frame, list[DataFrame](), list[DataFrame]()
        try:
            while True:
                answers = context.judging(rest, stays=stays)
                marked = reduce(lambda rows, rule: rule.looked_up(rows, answers), rules, rest)
                if not answers.told_what_stays:
                    break
                marked = hold(marked)
                held.append(marked)
                # The first look must go through all rows, for they are counted by it.
                if not marked.where(stays & out).count():
                    break
                done.append(marked.where(~stays | out))
                rest, stays = marked.where(stays & ~out).drop(*look_ups), F.lit(True)
        except BaseException:
            for each in held:
                each.unpersist()
            raise
        return cls(
            rows=reduce(DataFrame.unionByName, [*done, marked]), answers=answers, persisted=tuple(held)
        )


def _kept_alone(frame: DataFrame, rules: Sequence[FlowRule], contract: Sequence[Expectation]) -> Column:
    """Return whether a row stays by all that looks at no other row, and would say the same another time."""
    alone = [rule for rule in rules if not rule.look_ups]
    kept = _kept([*contract, *(each for rule in alone for each in rule.expectations())], frame)
    judged = frame.where(kept)
    if not may_choose(frame, judged) and not (runs_code(judged) and not runs_code(frame)):
        return kept
    sure = [rule for rule in alone if rule.is_by_row]
    return _kept([*contract, *(each for rule in sure for each in rule.expectations())], frame)


def _kept(expectations: Sequence[Expectation], frame: DataFrame) -> Column:
    casts = F.col(CAST_ERRORS).isNull() if CAST_ERRORS in frame.columns else F.lit(True)
    return reduce(and_, (~each.broken() for each in expectations if _takes_out(each)), casts)


def _taken_out(rules: Sequence[FlowRule]) -> Column:
    """Return whether a row is taken out by a rule that looks rows up."""
    expectations = [each for rule in rules if rule.look_ups for each in rule.expectations()]
    return reduce(or_, (each.broken() for each in expectations if _takes_out(each)), F.lit(False))


def _takes_out(expectation: Expectation) -> bool:
    """Say whether each row that breaks it goes; where some are tolerated, nobody knows yet."""
    return expectation.action is not RuleAction.WARN and expectation.at_most is None
