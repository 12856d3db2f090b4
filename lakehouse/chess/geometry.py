"""The squares of a board and the lines between them, as tables made once. No pieces and no rules."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeAlias

from lakehouse.chess.errors import InvalidNotationError

__all__ = [
    "BISHOP_PATHS",
    "BISHOP_RAYS",
    "FILES",
    "KING_STEPS",
    "KNIGHT_STEPS",
    "PAWN_CAPTURES",
    "QUEEN_PATHS",
    "ROOK_PATHS",
    "ROOK_RAYS",
    "Color",
    "Position",
    "between",
    "file_of",
    "name_of",
    "position_of",
    "rank_of",
]

Position: TypeAlias = int
"""A square: 0 is a1, 1 is b1, 8 is a2, 63 is h8."""

FILES = "abcdefgh"


class Color(IntEnum):
    """The two sides."""

    WHITE = 0
    BLACK = 1

    @property
    def opponent(self) -> Color:
        return _OPPONENT[self]

    @property
    def letter(self) -> str:
        """``w`` or ``b``, as FEN writes it."""
        return "wb"[self]


_OPPONENT = (Color.BLACK, Color.WHITE)


def file_of(position: Position) -> int:
    """Return 0 for the a-file … 7 for the h-file."""
    return position & 7


def rank_of(position: Position) -> int:
    """Return 0 for the first rank … 7 for the eighth."""
    return position >> 3


def position_of(name: str) -> Position:
    """Return the square of a name such as ``e4``. Raises InvalidNotationError."""
    if len(name) == 2 and name[0] in FILES and name[1] in "12345678":
        return FILES.index(name[0]) + 8 * (int(name[1]) - 1)
    raise InvalidNotationError(what="square", text=name, reason="it is not on the board", fix="use a1 … h8.")


def name_of(position: Position) -> str:
    """Return the name of a square, ``e4``."""
    return f"{FILES[position & 7]}{(position >> 3) + 1}"


def _steps(position: Position, moves: tuple[tuple[int, int], ...]) -> tuple[Position, ...]:
    file, rank = file_of(position), rank_of(position)
    found = [(file + right, rank + up) for right, up in moves]
    return tuple(x + 8 * y for x, y in found if 0 <= x < 8 and 0 <= y < 8)


def _ray(position: Position, right: int, up: int) -> tuple[Position, ...]:
    return _steps(position, tuple((right * n, up * n) for n in range(1, 8)))


def _rays(directions: tuple[tuple[int, int], ...]) -> tuple[tuple[tuple[Position, ...], ...], ...]:
    return tuple(tuple(ray for d in directions if (ray := _ray(start, *d))) for start in range(64))


_ROOK = ((0, 1), (1, 0), (0, -1), (-1, 0))
_BISHOP = ((1, 1), (1, -1), (-1, -1), (-1, 1))
_KNIGHT = ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2))

KNIGHT_STEPS = tuple(_steps(start, _KNIGHT) for start in range(64))
KING_STEPS = tuple(_steps(start, _ROOK + _BISHOP) for start in range(64))
ROOK_RAYS = _rays(_ROOK)
BISHOP_RAYS = _rays(_BISHOP)
PAWN_CAPTURES = (
    tuple(_steps(start, ((-1, 1), (1, 1))) for start in range(64)),
    tuple(_steps(start, ((-1, -1), (1, -1))) for start in range(64)),
)
"""By colour and square: where a pawn standing there captures."""

_Paths: TypeAlias = tuple[dict[Position, tuple[Position, ...]], ...]


def _paths(rays: tuple[tuple[tuple[Position, ...], ...], ...]) -> _Paths:
    return tuple({end: ray[:n] for ray in rays[start] for n, end in enumerate(ray)} for start in range(64))


ROOK_PATHS = _paths(ROOK_RAYS)
"""By start and end on one rank or file: the squares between them."""
BISHOP_PATHS = _paths(BISHOP_RAYS)
QUEEN_PATHS = tuple(rook | bishop for rook, bishop in zip(ROOK_PATHS, BISHOP_PATHS, strict=True))


def between(start: Position, end: Position) -> tuple[Position, ...]:
    """Return the squares strictly between two squares of one line; an empty tuple if they share no line."""
    return QUEEN_PATHS[start].get(end, ())
