"""A rule that rows should keep, and what happens to a row that doesn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.quality.tolerance import Tolerance
from lakehouse.source_location import SourceLocation

__all__ = ["Condition", "Expectation", "RuleAction"]

Condition = str | Callable[[], Column]
"""SQL text, or a function that makes a Column (called late, since a Column needs a session)."""


class RuleAction(IntEnum):
    """What a broken rule does to its row; a row that breaks several goes by the hardest."""

    WARN = 0
    DROP = 1
    QUARANTINE = 2
    FAIL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A named condition that holds for good rows."""

    name: str
    condition: Condition
    action: RuleAction
    null_is_fine: bool = False
    """Whether a condition that is NULL counts as kept; by default it counts as broken."""
    why_broken: str | None = None
    """What is wrong with a row that breaks it, for a person; None where the condition's own text says it."""
    shown: str | None = None
    """A column, text, that says of a row that breaks it what was found; None where there is none."""
    at_most: Tolerance | None = None
    """How many rows may break it; up to there they are counted and kept."""
    location: SourceLocation = field(compare=False)

    def settled(self, broken: int, *, of: int) -> Expectation:
        """Return the rule without tolerance: with its action where more rows break it, or else one that only warns."""
        if self.at_most is None:
            return self
        action = RuleAction.WARN if self.at_most.allows(broken, of=of) else self.action
        return replace(self, at_most=None, action=action)

    @property
    def text(self) -> str:
        """The condition as a person reads it."""
        if isinstance(self.condition, str):
            return self.condition
        return str(self.condition()).removeprefix("Column<'").removesuffix("'>")

    @property
    def message(self) -> str:
        """What is wrong with a row that breaks the rule."""
        return f"not ({self.text})" if self.why_broken is None else self.why_broken

    def told(self) -> Column:
        """Return a column: the message, with what was found in the row."""
        message = F.lit(self.message)
        return message if self.shown is None else F.concat(message, F.lit(": "), F.col(self.shown))

    def broken(self) -> Column:
        """Return a column, never null: whether the row breaks this rule."""
        holds = F.expr(self.condition) if isinstance(self.condition, str) else self.condition()
        return ~F.coalesce(holds, F.lit(self.null_is_fine))
