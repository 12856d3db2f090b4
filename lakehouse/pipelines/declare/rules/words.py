"""What a flow says to judge its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

from lakehouse.pipelines.declare.rules.columns import Accepted, Between, Matches, NotNull, Value
from lakehouse.pipelines.declare.rules.conditions import ConditionRule
from lakehouse.pipelines.declare.rules.freshness import Freshness
from lakehouse.pipelines.declare.rules.interface import ActionName, FlowRule
from lakehouse.pipelines.declare.rules.references import References
from lakehouse.pipelines.declare.rules.row_count import RowCount, RowsOf
from lakehouse.pipelines.declare.rules.same_sum import SameSum
from lakehouse.pipelines.declare.rules.steady import Steady
from lakehouse.pipelines.declare.rules.unique import Unique
from lakehouse.quality import Condition
from lakehouse.source_location import caller_location

__all__ = ["AtMost", "RuleWords"]

AtMost = int | str | None
"""How many rows of a batch may break a rule before its action is taken: ``10``, ``"1 %"``."""


class RuleWords(ABC):
    """The rules' part of a flow's vocabulary."""

    __slots__ = ()

    @abstractmethod
    def rule(self, *rules: FlowRule) -> Self:
        """Add rules of any kind, also of your own."""

    # A condition of one's own

    def expect(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Self:
        """Count the rows that break the condition, and keep them."""
        return self._expect(name, condition, "warn", null_is_fine, None)

    def expect_or_drop(
        self,
        name: str,
        condition: Condition,
        *,
        null_is_fine: bool = False,
        at_most: AtMost = None,
    ) -> Self:
        """Leave out the rows that break the condition, and count them.

        With ``at_most="1 %"``, here and in all rules about rows, they stay until more rows of a batch break it.
        """
        return self._expect(name, condition, "drop", null_is_fine, at_most)

    def expect_or_quarantine(
        self,
        name: str,
        condition: Condition,
        *,
        null_is_fine: bool = False,
        at_most: AtMost = None,
    ) -> Self:
        """Put the rows that break the condition into the table's quarantine, with all that they break."""
        return self._expect(name, condition, "quarantine", null_is_fine, at_most)

    def expect_or_fail(
        self,
        name: str,
        condition: Condition,
        *,
        null_is_fine: bool = False,
        at_most: AtMost = None,
    ) -> Self:
        """Write nothing when any row breaks the condition."""
        return self._expect(name, condition, "fail", null_is_fine, at_most)

    def _expect(
        self, name: str, condition: Condition, action: ActionName, null_is_fine: bool, at_most: AtMost
    ) -> Self:
        return self.rule(
            ConditionRule(
                given_name=name,
                given_condition=condition,
                nulls_keep_it=null_is_fine,
                action=action,
                at_most=at_most,
                location=caller_location(),
            )
        )

    # Rules of the library, each called after itself and its column: ``accepted(status)``

    def not_null(self, *columns: str, action: ActionName = "quarantine", at_most: AtMost = None) -> Self:
        """Ask for a value in each of the columns."""
        more = _common(action, at_most)
        return self.rule(*(NotNull(column=column, **more) for column in columns))

    def accepted(
        self,
        column: str,
        values: Sequence[Value] | str,
        *,
        action: ActionName = "quarantine",
        at_most: AtMost = None,
    ) -> Self:
        """Ask for one of the values, which may be a variable: ``"${statuses}"``; NULL is fine."""
        given = (values,) if isinstance(values, str) else tuple(values)
        more = _common(action, at_most)
        return self.rule(Accepted(column=column, values=given, **more))

    def between(
        self,
        column: str,
        minimum: Value | None = None,
        maximum: Value | None = None,
        *,
        action: ActionName = "quarantine",
        at_most: AtMost = None,
    ) -> Self:
        """Ask for a value within the bounds, themselves included; NULL is fine. None is no bound."""
        more = _common(action, at_most)
        return self.rule(Between(column=column, minimum=minimum, maximum=maximum, **more))

    def matches(
        self, column: str, pattern: str, *, action: ActionName = "quarantine", at_most: AtMost = None
    ) -> Self:
        """Ask that the whole text matches the regular expression; NULL is fine."""
        more = _common(action, at_most)
        return self.rule(Matches(column=column, pattern=pattern, **more))

    # Rules about a row among others, and about all rows together

    def unique(self, *columns: str, action: ActionName = "quarantine", at_most: AtMost = None) -> Self:
        """Ask that no other row of the batch or the table has the same values in the columns; NULL equals nothing.

        All rows of a batch that share a key break the rule; the rows that the table holds stay.
        """
        more = _common(action, at_most)
        return self.rule(Unique(columns=columns, **more))

    def references(
        self,
        table: str,
        columns: str | Sequence[str],
        *,
        to: str | Sequence[str] | None = None,
        action: ActionName = "quarantine",
        at_most: AtMost = None,
    ) -> Self:
        """Ask that another table has a row with these values, in columns of the same names or those of ``to``."""
        more = _common(action, at_most)
        return self.rule(References.of(table, columns, to, **more))

    def row_count(
        self,
        minimum: int | str | None = None,
        maximum: int | str | None = None,
        *,
        of: RowsOf = "table",
        action: ActionName = "fail",
    ) -> Self:
        """Ask for a number of rows within the bounds: of the table with the batch, or ``of="batch"``.

        A bound may be a variable: ``"${least}"``.
        """
        bounds: dict[str, Any] = {"minimum": minimum, "maximum": maximum}
        return self.rule(RowCount(**bounds, of=of, action=action, location=caller_location()))

    def same_sum(
        self,
        table: str,
        column: str,
        *,
        to: str | None = None,
        at_most: AtMost = None,
        action: ActionName = "fail",
    ) -> Self:
        """Ask that a column's sum over the table is that of another table's column, of the same name or ``to``.

        ``at_most`` is how far they may be apart: a number, or a share of the other's sum, ``"0.1 %"``.
        """
        more = _common(action, at_most)
        return self.rule(SameSum(table=table, column=column, to=to, **more))

    def steady(
        self,
        measured: str,
        *,
        within: str | float = 3.0,
        runs: int = 10,
        action: ActionName = "fail",
    ) -> Self:
        """Ask that an aggregate of the batch, ``"avg(amount)"``, is near its mean over the last ``runs`` batches.

        ``within`` is a number of standard deviations, or a share of the mean, ``"20 %"``.
        """
        more: dict[str, Any] = {"action": action, "location": caller_location()}
        return self.rule(Steady(measured=measured, within=within, runs=runs, **more))

    def freshness(self, column: str, *, within: str, action: ActionName = "fail") -> Self:
        """Ask that the newest row is at most so old, as in ``within="1 day"``; also when a run finds nothing new."""
        return self.rule(Freshness(column=column, within=within, action=action, location=caller_location()))


def _common(action: ActionName, at_most: AtMost) -> dict[str, Any]:
    """Return what all rules with a tolerance have, and where the user's line declares this one."""
    return {"action": action, "at_most": at_most, "location": caller_location()}
