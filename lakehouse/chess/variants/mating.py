"""Who can still win a variant, by the material alone: what a fallen flag is judged by (FIDE 6.9).

``lakehouse.chess.material`` answers it for chess. A rule here looks at pieces and at the shades of bishops, not at
where the pieces stand; where the material is not enough to say, a side can win.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lakehouse.chess.board import Board
from lakehouse.chess.endings import EndingRule, Judge
from lakehouse.chess.geometry import Color
from lakehouse.chess.pieces import Bishop
from lakehouse.chess.termination import Ending, Termination

__all__ = [
    "DeadBy",
    "can_win_antichess",
    "can_win_atomic",
    "can_win_crazyhouse",
    "can_win_horde",
    "has_more_than_king",
]


class DeadBy(EndingRule):
    """The game is over when neither side can win any more."""

    def __init__(self, can_win: Callable[[Board, Color], bool]) -> None:
        self._can_win = can_win

    def ending(self, engine: Judge, board: Board) -> Ending | None:
        if any(self._can_win(board, color) for color in Color):
            return None
        return Ending(termination=Termination.INSUFFICIENT_MATERIAL)


def has_more_than_king(board: Board, color: Color) -> bool:
    """Say whether a side has any piece beside its king: enough to give checks."""
    return bool(_force(board, color))


def can_win_atomic(board: Board, color: Color) -> bool:
    """Say whether a side could still explode or mate the other king.

    Against a bare king it takes a queen, a pawn, or two pieces that are not both knights: kings that touch are never
    in check, so the king clings to the other one. Else it takes a capture near that king, and bishops of different
    shades never meet.
    """
    own, others = _force(board, color), _force(board, color.opponent)
    if not own:
        return False
    if others:
        is_bishops = set(own) | set(others) == {"B"}
        return not is_bishops or bool(_shades(board, color) & _shades(board, color.opponent))
    if own["Q"] or own["P"]:
        return True
    return own.total() > 2 or (own.total() == 2 and set(own) != {"N"})


def can_win_antichess(board: Board, color: Color) -> bool:
    """Say whether a side could still lose all its pieces.

    A bishop is safe for ever from bishops of the other shade. Of two knights, only the one can be captured that the
    other attacks when it is its owner's turn, for a knight changes its shade with each move.
    """
    own, others = (Counter(p.letter for _, p in board.pieces(side)) for side in (color, color.opponent))
    if set(own) | set(others) == {"B"}:
        return _shades(board, color) <= _shades(board, color.opponent)
    if own == others == Counter("N"):
        squares = [at for at, _ in board.get_all_pieces().items()]
        is_same_shade = len({_shade(at) for at in squares}) == 1
        return is_same_shade == (board.turn is color)
    return True


def can_win_crazyhouse(board: Board, color: Color) -> bool:
    """Say whether a side could still mate: no piece ever leaves the game, so all that there is counts for both."""
    held = "" if board.variant_state is None else "".join(board.variant_state.hands)
    pieces = Counter(held) + _force(board, Color.WHITE) + _force(board, Color.BLACK)
    was_pawn = board.variant_state is not None and any(
        board.variant_state.is_promoted(at) for at in board.get_all_pieces()
    )
    return was_pawn or pieces.total() > 1 or any(pieces[letter] for letter in "PRQ")


def can_win_horde(board: Board, color: Color) -> bool:
    """Say whether a side could still win: Black by taking the horde, which it always may; White by mate."""
    if color is Color.BLACK:
        return True
    horde, others = _force(board, color), _force(board, color.opponent)
    if not others:
        return _mates_bare_king(horde, shades=len(_shades(board, color)))
    if horde.total() > 1:
        return _pair_mates(horde, others)
    return _ALONE[next(iter(horde))](others, len(_shades(board, color.opponent)))


def _mates_bare_king(horde: Counter[str], *, shades: int) -> bool:
    """Say whether pieces without a king mate a bare one: each flight in a corner must be covered by two of them."""
    if horde.total() == 1 or horde in (Counter("NN"), Counter("NB"), Counter("BB"), Counter("BR")):
        return False
    return not (horde["B"] and set(horde) <= {"B", "N"} and horde["N"] < 2 and shades == 1)


def _pair_mates(horde: Counter[str], others: Counter[str]) -> bool:
    """Two light pieces need a man of the other side that stands in its king's way."""
    if horde == Counter("NN"):
        return any(others[letter] for letter in "PNB")
    if horde in (Counter("NB"), Counter("BB")):
        return others.total() > 1 or bool(others["P"] or others["B"])
    return True


def _queen_mates(others: Counter[str], shades: int) -> bool:
    """A queen in front of a corner leaves one flight, where a man must stand that can't come between."""
    return bool(others["P"] or others["R"]) or shades == 2


def _rook_mates(others: Counter[str], shades: int) -> bool:
    """A rook beside a corner leaves two flights: on the file a pawn or rook, on the diagonal a pawn or knight."""
    return (
        others["P"] > 1
        or bool(others["P"] and (others["N"] or others["R"]))
        or bool(others["R"] and others["N"])
    )


def _bishop_mates(others: Counter[str], shades: int) -> bool:
    """A bishop leaves two flights of the other shade than its own: only pawns and bishops there can't come between."""
    return others["P"] + others["B"] > 1


def _knight_mates(others: Counter[str], shades: int) -> bool:
    """A knight mates a king whose own men fill all three flights of a corner."""
    return (
        others.total() > 2
        and any(others[letter] for letter in "PNR")
        and any(others[letter] for letter in "PNB")
    )


def _pawn_mates(others: Counter[str], shades: int) -> bool:
    """A pawn becomes what is needed."""
    return any(mates(others, shades) for mates in (_queen_mates, _rook_mates, _bishop_mates, _knight_mates))


_ALONE: dict[str, Callable[[Counter[str], int], bool]] = {
    "P": _pawn_mates,
    "Q": _queen_mates,
    "R": _rook_mates,
    "B": _bishop_mates,
    "N": _knight_mates,
}


def _force(board: Board, color: Color) -> Counter[str]:
    """Return how many pieces of each letter a side has beside its king."""
    return Counter(piece.letter for _, piece in board.pieces(color) if piece.letter != "K")


def _shade(at: int) -> int:
    return (at + (at >> 3)) & 1


def _shades(board: Board, color: Color) -> set[int]:
    """Return the shades that a side has bishops on."""
    return {_shade(at) for at, piece in board.pieces(color) if type(piece) is Bishop}
