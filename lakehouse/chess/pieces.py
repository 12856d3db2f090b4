"""The six pieces: how each moves over a board (FIDE article 3), and nothing about checks or turns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Protocol, Self, cast

from lakehouse.chess.geometry import (
    BISHOP_PATHS,
    BISHOP_RAYS,
    KING_STEPS,
    KNIGHT_STEPS,
    PAWN_CAPTURES,
    QUEEN_PATHS,
    ROOK_PATHS,
    ROOK_RAYS,
    Color,
    Position,
)

__all__ = ["PIECE_TYPES", "Bishop", "King", "Knight", "Pawn", "Piece", "Queen", "Rook", "piece_of"]


class Occupied(Protocol):
    """Where pieces stand: what a piece must know of a board."""

    @property
    def squares(self) -> Sequence[Piece | None]:
        """What stands on each square, a1 first."""


class Piece(ABC):
    """A piece of one colour. There is one object for each kind and colour, so ``is`` compares them."""

    __slots__ = ("color",)
    letter: ClassVar[str]
    """The piece's capital in English SAN and FEN."""
    color: Color
    _known: ClassVar[dict[tuple[type, int], Piece]] = {}

    def __new__(cls, color: Color) -> Self:
        piece = Piece._known.get((cls, color))
        if piece is None:
            piece = super().__new__(cls)
            object.__setattr__(piece, "color", Color(color))
            piece = Piece._known.setdefault((cls, color), piece)
        return cast("Self", piece)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} never changes")

    def __reduce__(self) -> tuple[type, tuple[Color]]:
        return type(self), (self.color,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.color.name})"

    @property
    def symbol(self) -> str:
        """The letter as FEN writes it: upper case for White."""
        return self.letter if self.color is Color.WHITE else self.letter.lower()

    def is_legal_move(self, board: Occupied, start: Position, end: Position) -> bool:
        """Say whether the piece moves like this over the board: geometry only, checks aside."""
        target = board.squares[end]
        return (target is None or target.color is not self.color) and self._moves(board.squares, start, end)

    @abstractmethod
    def reach(self, squares: Sequence[Piece | None], start: Position) -> list[Position]:
        """Return every square that ``is_legal_move`` allows from ``start``."""

    @abstractmethod
    def _moves(self, squares: Sequence[Piece | None], start: Position, end: Position) -> bool: ...


class _Stepper(Piece):
    """Moves by single steps, over anything."""

    __slots__ = ()
    _targets: ClassVar[tuple[tuple[Position, ...], ...]]

    def reach(self, squares: Sequence[Piece | None], start: Position) -> list[Position]:
        color = self.color
        return [e for e in self._targets[start] if (t := squares[e]) is None or t.color is not color]

    def _moves(self, squares: Sequence[Piece | None], start: Position, end: Position) -> bool:
        return end in self._targets[start]


class _Slider(Piece):
    """Moves along lines, as far as they are free (FIDE 3.5)."""

    __slots__ = ()
    _rays: ClassVar[tuple[tuple[tuple[Position, ...], ...], ...]]
    _paths: ClassVar[tuple[dict[Position, tuple[Position, ...]], ...]]

    def reach(self, squares: Sequence[Piece | None], start: Position) -> list[Position]:
        found: list[Position] = []
        color = self.color
        for ray in self._rays[start]:
            for end in ray:
                target = squares[end]
                if target is None:
                    found.append(end)
                    continue
                if target.color is not color:
                    found.append(end)
                break
        return found

    def _moves(self, squares: Sequence[Piece | None], start: Position, end: Position) -> bool:
        path = self._paths[start].get(end)
        return path is not None and all(squares[step] is None for step in path)


class Bishop(_Slider):
    """Moves along diagonals (FIDE 3.2)."""

    __slots__ = ()
    letter = "B"
    _rays = BISHOP_RAYS
    _paths = BISHOP_PATHS


class Rook(_Slider):
    """Moves along files and ranks (FIDE 3.3)."""

    __slots__ = ()
    letter = "R"
    _rays = ROOK_RAYS
    _paths = ROOK_PATHS


class Queen(_Slider):
    """Moves along files, ranks and diagonals (FIDE 3.4)."""

    __slots__ = ()
    letter = "Q"
    _rays = tuple(rook + bishop for rook, bishop in zip(ROOK_RAYS, BISHOP_RAYS, strict=True))
    _paths = QUEEN_PATHS


class Knight(_Stepper):
    """Moves to the nearest squares that share no line with its own (FIDE 3.6)."""

    __slots__ = ()
    letter = "N"
    _targets = KNIGHT_STEPS


class King(_Stepper):
    """Moves to any adjoining square (FIDE 3.8.1); castling is a rule of its own."""

    __slots__ = ()
    letter = "K"
    _targets = KING_STEPS


class Pawn(Piece):
    """Moves ahead one square, or two from its second rank, and captures ahead sideways (FIDE 3.7.1-3)."""

    __slots__ = ()
    letter = "P"

    def reach(self, squares: Sequence[Piece | None], start: Position) -> list[Position]:
        color = self.color
        forward = 8 if color is Color.WHITE else -8
        found: list[Position] = []
        if 0 <= start + forward < 64 and squares[start + forward] is None:
            found.append(start + forward)
            if start >> 3 == (1 if forward > 0 else 6) and squares[start + 2 * forward] is None:
                found.append(start + 2 * forward)
        for end in PAWN_CAPTURES[color][start]:
            target = squares[end]
            if target is not None and target.color is not color:
                found.append(end)
        return found

    def _moves(self, squares: Sequence[Piece | None], start: Position, end: Position) -> bool:
        return end in self.reach(squares, start)


PIECE_TYPES: dict[str, type[Piece]] = {
    kind.letter: kind for kind in (Pawn, Knight, Bishop, Rook, Queen, King)
}
"""By the capital of each piece."""


def piece_of(symbol: str) -> Piece | None:
    """Return the piece of a FEN letter; None if no piece has it."""
    kind = PIECE_TYPES.get(symbol.upper())
    if kind is None or len(symbol) != 1:
        return None
    return kind(Color.WHITE if symbol.isupper() else Color.BLACK)
