"""How many rows may break a rule before its action is taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Tolerance"]

_WRITTEN = re.compile(r"\s*(?P<below><)?\s*(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<share>%)?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """So many rows of a batch, or such a share of them, may break a rule. Up to there its rows are kept."""

    most: Fraction
    """A number of rows, or a share from 0 to 1."""
    is_share: bool
    is_allowed: bool = True
    """Whether ``most`` itself is still allowed."""

    @classmethod
    def of(cls, given: int | str) -> Tolerance | None:
        """Return what ``10``, ``"1 %"`` or ``"< 1 %"`` says; None for what says nothing."""
        found = _WRITTEN.fullmatch(str(given))
        if isinstance(given, bool) or found is None:
            return None
        number, is_share = Fraction(found["number"]), found["share"] is not None
        if (is_share and number > 100) or (not is_share and number.denominator != 1):
            return None
        return cls(
            most=number / 100 if is_share else number, is_share=is_share, is_allowed=found["below"] is None
        )

    def allows(self, broken: int | Fraction, *, of: int | Fraction) -> bool:
        """Say whether ``broken`` rows ``of`` a batch's rows are few enough; exact, also for a share."""
        bound = self.most * of if self.is_share else self.most
        return broken == 0 or broken < bound or (self.is_allowed and broken == bound)
