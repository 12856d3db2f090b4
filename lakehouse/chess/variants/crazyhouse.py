"""Crazyhouse: a captured piece changes sides, and may be dropped on a free square instead of a move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lakehouse.chess.board import Board, BoardDraft
from lakehouse.chess.endings import NoMoves
from lakehouse.chess.errors import InvalidFenError
from lakehouse.chess.fen import FenExtras
from lakehouse.chess.geometry import Color, Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import PIECE_TYPES, Pawn, Piece, piece_of
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.validators import (
    CastlingStrategy,
    CheckStrategy,
    EnPassantStrategy,
    MovementStrategy,
    MoveValidator,
)
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.mating import DeadBy, can_win_crazyhouse

__all__ = ["CRAZYHOUSE", "Pockets"]

_ORDER = "QRBNP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pockets:
    """What each side holds in hand, and which pieces on the board were pawns."""

    hands: tuple[str, str] = ("", "")
    """By colour: capitals in the order QRBNP."""
    promoted: frozenset[Position] = frozenset()

    @property
    def checks_left(self) -> None:
        return None

    def fen_pocket(self) -> str:
        return f"[{self.hands[Color.WHITE]}{self.hands[Color.BLACK].lower()}]"

    def fen_field(self) -> str:
        return ""

    def is_promoted(self, position: Position) -> bool:
        return position in self.promoted

    def with_piece(self, color: Color, letter: str) -> Pockets:
        """Return the pockets after a side got a piece."""
        return self._with_hand(color, self.hands[color] + letter)

    def without_piece(self, color: Color, letter: str) -> Pockets:
        """Return the pockets after a side dropped a piece."""
        return self._with_hand(color, self.hands[color].replace(letter, "", 1))

    def _with_hand(self, color: Color, letters: str) -> Pockets:
        hand = "".join(sorted(letters, key=_ORDER.index))
        hands = (hand, self.hands[1]) if color is Color.WHITE else (self.hands[0], hand)
        return replace(self, hands=hands)


def _read_state(extras: FenExtras) -> Pockets:
    pockets = Pockets(promoted=extras.promoted)
    for letter in extras.pocket or "":
        piece = piece_of(letter)
        if piece is None or piece.letter not in _ORDER:
            raise InvalidFenError(fen=f"[{extras.pocket}]", reason=f"{letter!r} can't be in a pocket")
        pockets = pockets.with_piece(piece.color, piece.letter)
    return pockets


class DropStrategy(MoveValidator):
    """Brings the drops: any piece in hand on any free square, pawns not on the first and last rank."""

    def propose(
        self, board: Board, *, kind: type[Piece] | None = None, end: Position | None = None
    ) -> Iterable[Move]:
        pockets = board.variant_state
        if not isinstance(pockets, Pockets):
            return
        free = [at for at, piece in enumerate(board.squares) if piece is None and end in (None, at)]
        for letter in sorted(set(pockets.hands[board.turn])):
            piece_type = PIECE_TYPES[letter]
            if kind not in (None, piece_type):
                continue
            for at in free:
                if piece_type is not Pawn or 0 < at >> 3 < 7:
                    yield Move(start=at, end=at, piece=piece_type(board.turn), flag=MoveFlag.DROP)

    def apply(self, draft: BoardDraft, move: Move) -> None:
        """Fill and empty the pockets, and follow the pieces that were pawns."""
        pockets = draft.variant_state
        if not isinstance(pockets, Pockets):
            return
        color = move.piece.color
        if move.flag is MoveFlag.DROP:
            draft.variant_state = pockets.without_piece(color, move.piece.letter)
            return
        if move.captured is not None:
            was_pawn = move.captured_position in pockets.promoted
            pockets = pockets.with_piece(color, "P" if was_pawn else move.captured.letter)
        promoted = pockets.promoted - {move.start, move.end}
        if move.promotion is not None or move.start in pockets.promoted:
            promoted |= {move.end}
        draft.variant_state = replace(pockets, promoted=promoted)


CRAZYHOUSE = Variant(
    name="crazyhouse",
    aliases=("crazy house", "house", "zh"),
    start_fen="rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR[] w KQkq - 0 1",
    engine=RuleEngine(
        [MovementStrategy(), EnPassantStrategy(), CastlingStrategy(), DropStrategy(), CheckStrategy()],
        endings=[NoMoves(), DeadBy(can_win_crazyhouse)],
    ),
    read_state=_read_state,
    can_win=can_win_crazyhouse,
)
