"""The kinds of a number that is more than a sign and a magnitude."""

from __future__ import annotations

from enum import Enum

__all__ = ["NumberKind"]


class NumberKind(Enum):
    """Finite, or one of the three that do not lie on the number line."""

    FINITE = "finite"
    INFINITE = "Infinity"
    QUIET_NAN = "NaN"
    SIGNALING_NAN = "sNaN"

    @property
    def is_nan(self) -> bool:
        return self in {NumberKind.QUIET_NAN, NumberKind.SIGNALING_NAN}
