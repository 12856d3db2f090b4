"""One move, complete: what moved, from where, to where, what it took and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lakehouse.chess.geometry import Position, name_of
from lakehouse.chess.pieces import Piece

__all__ = ["Move", "MoveFlag"]


class MoveFlag(Enum):
    """What is special about a move."""

    NORMAL = "normal"
    DOUBLE_STEP = "double step"
    EN_PASSANT = "en passant"
    CASTLING = "castling"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of one piece. It says nothing about being legal: that is the rule engine's word."""

    start: Position
    """Equal to ``end`` for a drop."""
    end: Position
    """Where the moving piece comes to stand; for castling, the king."""
    piece: Piece
    captured: Piece | None = None
    promotion: type[Piece] | None = None
    flag: MoveFlag = MoveFlag.NORMAL
    rook_start: Position | None = None
    """For castling: where the rook comes from."""

    @property
    def captured_position(self) -> Position:
        """Where the captured piece stood: beside the pawn for en passant (FIDE 3.7.3.1), else ``end``."""
        return (self.start & 56) | (self.end & 7) if self.flag is MoveFlag.EN_PASSANT else self.end

    def uci(self, *, chess960: bool = False) -> str:
        """Write the move as UCI does; with ``chess960``, castling is king takes rook."""
        if self.flag is MoveFlag.DROP:
            return f"{self.piece.letter}@{name_of(self.end)}"
        end = self.rook_start if chess960 and self.rook_start is not None else self.end
        promotion = "" if self.promotion is None else self.promotion.letter.lower()
        return f"{name_of(self.start)}{name_of(end)}{promotion}"
