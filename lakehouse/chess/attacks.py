"""Who attacks a square (FIDE 3.1.2): the one question that checks, castling and mates are made of."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.chess.geometry import (
    BISHOP_RAYS,
    KING_STEPS,
    KNIGHT_STEPS,
    PAWN_CAPTURES,
    ROOK_RAYS,
    Color,
    Position,
)
from lakehouse.chess.pieces import Bishop, King, Knight, Pawn, Piece, Queen, Rook

__all__ = ["is_attacked", "pinned_positions"]

_BY_COLOR = tuple(
    (Pawn(color), Knight(color), Bishop(color), Rook(color), Queen(color), King(color)) for color in Color
)


def is_attacked(squares: Sequence[Piece | None], target: Position, *, by: Color) -> bool:
    """Say whether a piece of ``by`` attacks ``target``, even if it is pinned (FIDE 3.1.3)."""
    pawn, knight, bishop, rook, queen, king = _BY_COLOR[by]
    for at in KNIGHT_STEPS[target]:
        if squares[at] is knight:
            return True
    for at in PAWN_CAPTURES[by.opponent][target]:
        if squares[at] is pawn:
            return True
    for at in KING_STEPS[target]:
        if squares[at] is king:
            return True
    return _on_a_line(squares, ROOK_RAYS[target], rook, queen) or _on_a_line(
        squares, BISHOP_RAYS[target], bishop, queen
    )


def _on_a_line(
    squares: Sequence[Piece | None], rays: tuple[tuple[Position, ...], ...], slider: Piece, queen: Piece
) -> bool:
    for ray in rays:
        for at in ray:
            piece = squares[at]
            if piece is not None:
                if piece is slider or piece is queen:
                    return True
                break
    return False


def pinned_positions(squares: Sequence[Piece | None], king: Position, color: Color) -> set[Position]:
    """Return where pieces of ``color`` stand alone between their king and an enemy slider."""
    _, _, bishop, rook, queen, _ = _BY_COLOR[color.opponent]
    found: set[Position] = set()
    for rays, slider in ((ROOK_RAYS[king], rook), (BISHOP_RAYS[king], bishop)):
        for ray in rays:
            blocker = -1
            for at in ray:
                piece = squares[at]
                if piece is None:
                    continue
                if blocker < 0 and piece.color is color:
                    blocker = at
                    continue
                if blocker >= 0 and (piece is slider or piece is queen):
                    found.add(blocker)
                break
    return found
