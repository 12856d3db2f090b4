"""What a tolerant reading does to a game that is not written by the rules: each repair is listed with its ply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.chess.board import Board
from lakehouse.chess.errors import IllegalMoveError, NeedsRepairError
from lakehouse.chess.pgn.lexer import GameText, Token, TokenKind
from lakehouse.chess.pgn.results import DOUBLE_FORFEIT
from lakehouse.chess.pgn.signs import nag_of_sign
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.san import parse_move

__all__ = ["Repair", "RepairLog", "both_lost", "last_result", "opens_variation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One thing that was read otherwise than it is written."""

    ply: int | None
    """How many moves stand before it; None where it concerns the start."""
    text: str

    def __str__(self) -> str:
        return self.text if self.ply is None else f"ply {self.ply}: {self.text}"


class RepairLog:
    """The repairs of one game, in order; a strict one refuses the first."""

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._repairs: list[Repair] = []

    def add(self, ply: int | None, text: str) -> None:
        """Note a repair. Raises NeedsRepairError where repairs are not allowed."""
        repair = Repair(ply=ply, text=text)
        if self._strict:
            raise NeedsRepairError(ply=ply, repair=text)
        self._repairs.append(repair)

    def take_sign(self, ply: int, sign: str) -> int | None:
        """Note a sign in the movetext. Returns the number of its glyph; None where it has none."""
        nag = nag_of_sign(sign)
        self.add(ply, f"left out {sign!r}" if nag is None else f"read {sign!r} as ${nag}")
        return nag

    def take_broken_tags(self, text: GameText) -> None:
        """Note the tags that can't be read."""
        for tag in text.broken_tags:
            self.add(None, f"left out the unreadable tag {tag!r}")

    def take_unclosed(self, ply: int, tokens: Sequence[Token], at: int) -> None:
        """Note that a variation goes on to the end, ``at`` being the place behind its bracket."""
        moves = sum(token.kind is TokenKind.MOVE for token in tokens[at:])
        self.add(ply, f"closed a variation at the end of the game; {_moves(moves)} read as part of it")

    def take_end(self, text: GameText, *, ply: int, left_out: int) -> None:
        """Note what is wrong at the end: moves behind the result, a comment that nothing closes."""
        if left_out:
            self.add(ply, f"left out {_moves(left_out)} behind the result")
        if text.is_comment_open:
            self.add(ply, "closed the last comment at the end of the game")

    def texts(self) -> tuple[str, ...]:
        """Return each repair as text."""
        return tuple(map(str, self._repairs))


def opens_variation(engine: RuleEngine, before: Board | None, tokens: Sequence[Token], at: int) -> bool:
    """Say whether a bracket that nothing closes opens a variation: the move behind it could replace the last one.

    ``before`` is the position before that move, ``at`` the place behind the bracket.
    """
    if before is None:
        return False
    first = next((token for token in tokens[at:] if token.kind is TokenKind.MOVE), None)
    if first is None:
        return False
    try:
        parse_move(engine, before, first.text)
    except IllegalMoveError:
        return False
    return True


def last_result(tokens: Sequence[Token]) -> str | None:
    """Return the result that the movetext ends with, comments aside."""
    words = (token for token in reversed(tokens) if token.kind not in (TokenKind.COMMENT, TokenKind.NAG))
    last = next(words, None)
    return last.text if last is not None and last.kind is TokenKind.RESULT else None


def both_lost(engine: RuleEngine, board: Board, tag_result: str) -> bool:
    """Say whether ``0-0`` as the last word means that both lost: the tag says so, or castling is illegal."""
    if tag_result == DOUBLE_FORFEIT:
        return True
    try:
        parse_move(engine, board, "O-O")
    except IllegalMoveError:
        return True
    return False


def _moves(count: int) -> str:
    return "1 move" if count == 1 else f"{count} moves"
