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
from lakehouse.pipelines.declare.rules.unique import Unique
from lakehouse.quality import Condition
from lakehouse.source_location import caller_location

__all__ = ["RuleWords"]


class RuleWords(ABC):
    """The rules' part of a flow's vocabulary."""

    __slots__ = ()

    @abstractmethod
    def rule(self, *rules: FlowRule) -> Self:
        """Add rules of any kind, also of your own."""

    # A condition of one's own

    def expect(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Self:
        """Count the rows that break the condition, and keep them."""
        return self._expect(name, condition, "warn", null_is_fine)

    def expect_or_drop(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Self:
        """Leave out the rows that break the condition, and count them."""
        return self._expect(name, condition, "drop", null_is_fine)

    def expect_or_quarantine(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Self:
        """Put the rows that break the condition into the table's quarantine, with all that they break."""
        return self._expect(name, condition, "quarantine", null_is_fine)

    def expect_or_fail(self, name: str, condition: Condition, *, null_is_fine: bool = False) -> Self:
        """Write nothing when any row breaks the condition."""
        return self._expect(name, condition, "fail", null_is_fine)

    def _expect(self, name: str, condition: Condition, action: ActionName, null_is_fine: bool) -> Self:
        return self.rule(
            ConditionRule(
                given_name=name,
                given_condition=condition,
                nulls_keep_it=null_is_fine,
                action=action,
                location=caller_location(),
            )
        )

    # Rules of the library, each called after itself and its column: ``accepted(status)``

    def not_null(self, *columns: str, action: ActionName = "quarantine") -> Self:
        """Ask for a value in each of the columns."""
        here = caller_location()
        return self.rule(*(NotNull(column=column, action=action, location=here) for column in columns))

    def accepted(
        self, column: str, values: Sequence[Value] | str, *, action: ActionName = "quarantine"
    ) -> Self:
        """Ask for one of the values, which may be a variable: ``"${statuses}"``; NULL is fine."""
        given = (values,) if isinstance(values, str) else tuple(values)
        return self.rule(Accepted(column=column, values=given, action=action, location=caller_location()))

    def between(
        self,
        column: str,
        minimum: Value | None = None,
        maximum: Value | None = None,
        *,
        action: ActionName = "quarantine",
    ) -> Self:
        """Ask for a value within the bounds, themselves included; NULL is fine. None is no bound."""
        return self.rule(
            Between(
                column=column, minimum=minimum, maximum=maximum, action=action, location=caller_location()
            )
        )

    def matches(self, column: str, pattern: str, *, action: ActionName = "quarantine") -> Self:
        """Ask that the whole text matches the regular expression; NULL is fine."""
        return self.rule(Matches(column=column, pattern=pattern, action=action, location=caller_location()))

    # Rules about a row among others, and about all rows together

    def unique(self, *columns: str, action: ActionName = "quarantine") -> Self:
        """Ask that no other row of the batch or the table has the same values in the columns; NULL equals nothing.

        All rows of a batch that share a key break the rule; the rows that the table holds stay.
        """
        return self.rule(Unique(columns=columns, action=action, location=caller_location()))

    def references(
        self,
        table: str,
        columns: str | Sequence[str],
        *,
        to: str | Sequence[str] | None = None,
        action: ActionName = "quarantine",
    ) -> Self:
        """Ask that another table has a row with these values, in columns of the same names or those of ``to``."""
        return self.rule(References.of(table, columns, to, action=action, location=caller_location()))

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

    def freshness(self, column: str, *, within: str, action: ActionName = "fail") -> Self:
        """Ask that the newest row is at most so old, as in ``within="1 day"``; also when a run finds nothing new."""
        return self.rule(Freshness(column=column, within=within, action=action, location=caller_location()))
