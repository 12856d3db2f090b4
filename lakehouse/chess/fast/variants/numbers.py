"""The variants that there are kernels for, and the numbers that stand for them in kernels."""

from __future__ import annotations

from lakehouse.chess.variants import (
    ANTICHESS,
    ATOMIC,
    CHESS960,
    CRAZYHOUSE,
    HORDE,
    KING_OF_THE_HILL,
    RACING_KINGS,
    STANDARD,
    THREE_CHECK,
)

__all__ = [
    "BY_ATOMIC",
    "BY_CHECKS",
    "BY_DROPS",
    "BY_GIVING_AWAY",
    "BY_HILL",
    "BY_HORDE",
    "BY_RACE",
    "FAST_VARIANTS",
    "FIRST_OTHER",
]

FAST_VARIANTS = (
    STANDARD,
    CHESS960,
    KING_OF_THE_HILL,
    THREE_CHECK,
    ANTICHESS,
    ATOMIC,
    HORDE,
    RACING_KINGS,
    CRAZYHOUSE,
)
"""By number."""

FIRST_OTHER = 2
"""The variants before it share the kernels of standard chess."""
BY_HILL, BY_CHECKS, BY_GIVING_AWAY, BY_ATOMIC, BY_HORDE, BY_RACE, BY_DROPS = range(
    FIRST_OTHER, len(FAST_VARIANTS)
)
"""King of the hill, three-check, antichess, atomic, horde, racing kings, crazyhouse."""
