"""A position that never changes: a move gives a new board with the next version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from lakehouse.chess.errors import IllegalMoveError
from lakehouse.chess.geometry import Color, Position, name_of
from lakehouse.chess.pieces import King, Pawn, Piece

__all__ = ["Board", "BoardDraft", "VariantState"]


class VariantState(Protocol):
    """What a variant remembers beside the position (pockets, checks given). Hashable, frozen."""

    @property
    def hands(self) -> tuple[str, str]:
        """Return the pieces in hand by colour, as capitals."""

    @property
    def checks_left(self) -> tuple[int, int] | None:
        """Return how many checks each side has still to give; None where checks don't count."""

    def fen_pocket(self) -> str:
        """Return what FEN writes behind the placement, or nothing."""

    def fen_field(self) -> str:
        """Return what FEN writes behind the en passant square, or nothing."""

    def is_promoted(self, position: Position) -> bool:
        """Say whether FEN marks the piece there as promoted."""

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """64 squares, the side to move and what the Laws need to remember."""

    squares: tuple[Piece | None, ...]
    turn: Color = Color.WHITE
    castling_rooks: frozenset[Position] = frozenset()
    """The rooks that may still castle; the right is lost with a move of the king or of the rook."""
    en_passant: Position | None = None
    """Where a pawn can be captured in passing at this move, legally."""
    halfmove_clock: int = 0
    """Moves of both sides since the last capture or pawn move (FIDE 9.3)."""
    fullmove_number: int = 1
    version: int = 0
    """How many moves were made on the board since it was set up."""
    variant_state: VariantState | None = None

    def get_piece_at(self, position: Position) -> Piece | None:
        """Return the piece on a square, or None."""
        return self.squares[position]

    def get_all_pieces(self) -> dict[Position, Piece]:
        """Return every piece by its square, from a1 to h8."""
        return {at: piece for at, piece in enumerate(self.squares) if piece is not None}

    def pieces(self, color: Color) -> Iterator[tuple[Position, Piece]]:
        """Yield the pieces of one side with their squares."""
        for at, piece in enumerate(self.squares):
            if piece is not None and piece.color is color:
                yield at, piece

    def king_of(self, color: Color) -> Position | None:
        """Return where the king stands; None if the side has none (horde, antichess)."""
        try:
            return self.squares.index(King(color))
        except ValueError:
            return None

    def move_piece(self, start: Position, end: Position) -> Board:
        """Return the board after a piece went from ``start`` to ``end``, taking what stood there.

        No rule is asked: a rule engine's ``apply`` does castling, en passant and promotion.
        Raises IllegalMoveError when ``start`` is empty.
        """
        piece = self.squares[start]
        if piece is None:
            raise IllegalMoveError(
                text=f"{name_of(start)}{name_of(end)}", fen=_placement(self), reason="no piece stands there"
            )
        draft = BoardDraft(self)
        draft.squares[start] = None
        draft.squares[end] = piece
        draft.count(is_zeroing=isinstance(piece, Pawn) or self.squares[end] is not None)
        return draft.freeze()


@dataclass(slots=True)
class BoardDraft:
    """The next board in the making: the strategies of a rule engine change it in turn."""

    before: Board
    squares: list[Piece | None] = field(init=False)
    castling_rooks: frozenset[Position] = field(init=False)
    en_passant: Position | None = field(init=False, default=None)
    halfmove_clock: int = field(init=False)
    variant_state: VariantState | None = field(init=False)

    def __post_init__(self) -> None:
        self.squares = list(self.before.squares)
        self.castling_rooks = self.before.castling_rooks
        self.halfmove_clock = self.before.halfmove_clock
        self.variant_state = self.before.variant_state

    def count(self, *, is_zeroing: bool) -> None:
        """Count the move for the 50-move rule; a capture or pawn move sets it to 0 (FIDE 9.3)."""
        self.halfmove_clock = 0 if is_zeroing else self.before.halfmove_clock + 1

    def freeze(self) -> Board:
        """Return the finished board, the other side to move, one version on."""
        before = self.before
        return Board(
            squares=tuple(self.squares),
            turn=before.turn.opponent,
            castling_rooks=self.castling_rooks,
            en_passant=self.en_passant,
            halfmove_clock=self.halfmove_clock,
            fullmove_number=before.fullmove_number + (before.turn is Color.BLACK),
            version=before.version + 1,
            variant_state=self.variant_state,
        )


def _placement(board: Board) -> str:
    rows = []
    for rank in range(7, -1, -1):
        row = board.squares[8 * rank : 8 * rank + 8]
        rows.append("".join("." if piece is None else piece.symbol for piece in row))
    return "/".join(rows)
