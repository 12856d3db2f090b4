"""What a variant is: a start, a rule engine of its strategies, and what its positions must keep to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lakehouse.chess.board import Board, VariantState
from lakehouse.chess.errors import InvalidFenError
from lakehouse.chess.fen import STANDARD_FEN, FenExtras, FenReading, parse_fen
from lakehouse.chess.geometry import Color
from lakehouse.chess.material import can_mate
from lakehouse.chess.pieces import King, Pawn
from lakehouse.chess.rule_engine import RuleEngine

__all__ = ["Variant", "no_state"]


def no_state(extras: FenExtras) -> VariantState | None:
    """Most variants remember nothing beside the position."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A game on this board. Compose one from strategies and register it: nothing else is needed."""

    name: str
    engine: RuleEngine
    aliases: tuple[str, ...] = ()
    start_fen: str = STANDARD_FEN
    read_state: Callable[[FenExtras], VariantState | None] = no_state
    kings: dict[Color, frozenset[int]] = field(
        default_factory=lambda: {color: frozenset({1}) for color in Color}
    )
    """How many kings each side may have."""
    pawn_ranks: dict[Color, range] = field(default_factory=lambda: {color: range(1, 7) for color in Color})
    is_chess960: bool = False
    """King and rook castle from wherever they began; in UCI, castling is king takes rook."""
    can_win: Callable[[Board, Color], bool] = can_mate
    """Whether a side could still win when the other's flag falls (FIDE 6.9)."""

    def start_board(self) -> Board:
        """Return the position that a game begins with."""
        return self.board_of(self.start_fen)

    def board_of(self, fen: str) -> Board:
        """Read a FEN and check that its position can be played, every right of it. Raises InvalidFenError."""
        reading = self.read_fen(fen)
        if reading.repairs:
            raise InvalidFenError(fen=fen, reason=reading.repairs[0])
        return reading.board

    def read_fen(self, fen: str) -> FenReading:
        """Read a FEN as ``board_of`` does, but leave out rights that the board doesn't bear out.

        Raises InvalidFenError.
        """
        reading = parse_fen(fen, read_state=self.read_state, is_chess960=self.is_chess960)
        if (reason := self._fault(reading.board)) is not None:
            raise InvalidFenError(fen=fen, reason=reason)
        return replace(reading, board=self.engine.settled(reading.board))

    def _fault(self, board: Board) -> str | None:
        for color in Color:
            kings = board.squares.count(King(color))
            if kings not in self.kings[color]:
                return f"{color.name.lower()} has {kings} kings"
            ranks = self.pawn_ranks[color]
            if any(p is Pawn(color) and at >> 3 not in ranks for at, p in enumerate(board.squares)):
                return f"a {color.name.lower()} pawn stands on an impossible rank"
        if self.engine.is_in_check(board, board.turn.opponent):
            return f"{board.turn.opponent.name.lower()} is in check, but not to move"
        return None
