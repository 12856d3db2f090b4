"""Chess960 (FIDE Guidelines II): one of 960 first ranks, then the usual rules."""

from __future__ import annotations

from itertools import combinations

from lakehouse.chess.errors import InvalidNotationError
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import standard_engine

__all__ = ["CHESS960", "chess960_start"]

CHESS960 = Variant(
    name="chess960",
    aliases=("Fischerandom", "Fischerrandom", "Fischer Random", "fischerrandomchess", "chess 960"),
    engine=standard_engine(),
    is_chess960=True,
)


def chess960_start(number: int) -> str:
    """Return the FEN of a numbered start: 518 is the usual one (Scharnagl's numbers, 0 … 959)."""
    if not 0 <= number < 960:
        raise InvalidNotationError(
            what="Chess960 start", text=str(number), reason="there are 960", fix="use 0 … 959."
        )
    rest, light = divmod(number, 4)
    rest, dark = divmod(rest, 4)
    knights, queen = divmod(rest, 6)
    rank: list[str] = [""] * 8
    rank[2 * light + 1] = "b"
    rank[2 * dark] = "b"
    _put(rank, queen, "q")
    free = [file for file in range(8) if not rank[file]]
    for choice in list(combinations(range(5), 2))[knights]:
        rank[free[choice]] = "n"
    for letter in "rkr":
        _put(rank, 0, letter)
    line = "".join(rank)
    return f"{line}/pppppppp/8/8/8/8/PPPPPPPP/{line.upper()} w KQkq - 0 1"


def _put(rank: list[str], index: int, letter: str) -> None:
    free = [file for file in range(8) if not rank[file]]
    rank[free[index]] = letter
