"""What the material alone decides: positions in which a side, or nobody, can ever mate (FIDE 5.2.2, 6.9)."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.pieces import Bishop, King, Knight, Pawn, Piece, Queen, Rook

__all__ = ["can_mate", "is_dead_by_material"]


def is_dead_by_material(board: Board) -> bool:
    """Say whether neither side can mate: bare kings, one minor piece, or bishops all of one square colour."""
    return not can_mate(board, Color.WHITE) and not can_mate(board, Color.BLACK)


def can_mate(board: Board, color: Color) -> bool:
    """Say whether some series of legal moves could end with ``color`` giving mate, by material alone.

    A wall of blocked pawns that can never move counts as material: such rare dead positions are not seen.
    """
    own = [piece for _, piece in board.pieces(color)]
    kinds = [type(piece) for piece in own]
    if Pawn in kinds or Rook in kinds or Queen in kinds:
        return True
    others = [type(piece) for _, piece in board.pieces(color.opponent)]
    if Knight in kinds:
        # One knight mates only a king that a piece of its own locks in; a queen can always be kept off.
        return kinds.count(Knight) + kinds.count(Bishop) > 1 or any(k not in (King, Queen) for k in others)
    if Bishop in kinds:
        return _bishops_can_mate(board)
    return False


def _bishops_can_mate(board: Board) -> bool:
    pieces: dict[Position, Piece] = board.get_all_pieces()
    if any(type(piece) in (Pawn, Knight) for piece in pieces.values()):
        return True
    shades = {(at + (at >> 3)) & 1 for at, piece in pieces.items() if type(piece) is Bishop}
    return len(shades) == 2
