"""Replay a game's main line and say what it comes to: the specification of the fast core.

A replay always has an answer: a game with a fault keeps its moves up to the fault, and says its ply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from lakehouse.chess.board import Board
from lakehouse.chess.errors import ChessError, EmptyGameError, IllegalMoveError, NeedsRepairError
from lakehouse.chess.geometry import Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.openings import Opening, opening_table
from lakehouse.chess.pgn.annotations import Annotations, Evaluation, read_annotations
from lakehouse.chess.pgn.encoding import decode
from lakehouse.chess.pgn.lexer import GameText, Token, TokenKind, read_game_text
from lakehouse.chess.pgn.reader import is_empty_game
from lakehouse.chess.pgn.repairs import RepairLog, both_lost, last_result, opens_variation
from lakehouse.chess.pgn.results import DOUBLE_FORFEIT, result_of_tag
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.position_key import position_key, zobrist_key
from lakehouse.chess.san import parse_move
from lakehouse.chess.termination import Ending
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["Fault", "Replay", "pack_move", "replay_game"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a game can't be used."""

    ply: int | None
    """How many moves were played before the fault; None when the game can't begin."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A game's main line, replayed."""

    tags: dict[str, str]
    variant: Variant
    moves: tuple[Move, ...]
    clocks_ms: tuple[int | None, ...]
    """What ``%clk`` said after each move."""
    evaluations: tuple[Evaluation | None, ...]
    """What ``%eval`` said after each move."""
    keys: tuple[int, ...]
    """Zobrist keys of the positions after each move."""
    final: Board
    ending: Ending | None
    """What the last position ends by itself."""
    repetitions: int
    """How often the last position stood on the board."""
    result: str
    opening: Opening | None
    repairs: tuple[str, ...]
    """What was read otherwise than it is written, each with its ply."""
    fault: Fault | None

    @property
    def packed_moves(self) -> bytes:
        """The moves as little-endian uint16, see ``pack_move``."""
        return b"".join(pack_move(move).to_bytes(2, "little") for move in self.moves)


def pack_move(move: Move) -> int:
    """Return start | end << 6 | promotion << 12 | castling << 15.

    Promotion counts NBRQK from 1; a castling's end is its rook; a drop has promotion 7 and its piece
    (PNBRQ from 0) as start.
    """
    if move.flag is MoveFlag.DROP:
        return "PNBRQ".index(move.piece.letter) | move.end << 6 | 7 << 12
    end: Position = move.end if move.rook_start is None else move.rook_start
    promotion = 0 if move.promotion is None else "NBRQK".index(move.promotion.letter) + 1
    return move.start | end << 6 | promotion << 12 | (move.rook_start is not None) << 15


def replay_game(raw: bytes, *, encoding: str = "utf-8", strict: bool = False) -> Replay:
    """Replay the bytes of one game. Nothing raises: what is wrong is the replay's fault.

    What is not written by the rules is repaired, and the repair is listed; ``strict`` makes it the fault.
    """
    text = read_game_text(decode(raw, encoding))
    repairs = RepairLog(strict=strict)
    try:
        if is_empty_game(text):
            raise EmptyGameError
        variant, start = start_of(text.tags, repairs)
        repairs.take_broken_tags(text)
    except ChessError as error:
        replayer = _Replayer(text, STANDARD, STANDARD.start_board(), RepairLog(strict=False))
        return replayer.outcome(Fault(ply=None, reason=str(error)))
    replayer = _Replayer(text, variant, start, repairs)
    try:
        replayer.run()
    except (IllegalMoveError, NeedsRepairError) as error:
        return replayer.outcome(Fault(ply=len(replayer.moves), reason=str(error)))
    return replayer.outcome(None)


class _Replayer:
    """Plays the moves of the main line; variations are passed over."""

    def __init__(self, text: GameText, variant: Variant, start: Board, repairs: RepairLog) -> None:
        self._text = text
        self._variant = variant
        self._board = start
        self._before: Board | None = None
        self._seen: Counter[Hashable] = Counter([position_key(start)])
        self._tag_result = result_of_tag(text.tags.get("Result", ""))
        self._result: str | None = None
        self._left_out = 0
        self._repairs = repairs
        self.moves: list[Move] = []
        self._clocks_ms: list[int | None] = []
        self._evaluations: list[Evaluation | None] = []
        self._keys: list[int] = []

    def run(self) -> None:
        depth = 0
        for at, token in enumerate(self._text.tokens):
            if token.kind is TokenKind.OPEN:
                depth += 1
            elif token.kind is TokenKind.CLOSE:
                depth -= 1
            elif depth:
                continue
            elif token.kind is TokenKind.UNCLOSED:
                if self._leaves_main_line(at + 1):
                    break
            else:
                self._take(token)
        self._repairs.take_end(self._text, ply=len(self.moves), left_out=self._left_out)

    def _leaves_main_line(self, at: int) -> bool:
        """Say whether a variation that nothing closes takes all the rest; its bracket is left out if not."""
        tokens = self._text.tokens
        if opens_variation(self._variant.engine, self._before, tokens, at):
            self._repairs.take_unclosed(len(self.moves), tokens, at)
            self._result = self._result or last_result(tokens)
            return True
        self._repairs.take_sign(len(self.moves), "(")
        return False

    def _take(self, token: Token) -> None:
        if token.kind in (TokenKind.MOVE, TokenKind.BOTH_LOST):
            self._take_move(token)
        elif token.kind is TokenKind.RESULT:
            self._result = self._result or token.text
        elif token.kind is TokenKind.SIGN:
            self._repairs.take_sign(len(self.moves), token.text)
        elif token.kind is TokenKind.COMMENT and self.moves and "[%" in token.text:
            self._take_notes(read_annotations(token.text))

    def _take_notes(self, notes: Annotations) -> None:
        if notes.clock_ms is not None:
            self._clocks_ms[-1] = notes.clock_ms
        if notes.evaluation is not None:
            self._evaluations[-1] = notes.evaluation

    def _take_move(self, token: Token) -> None:
        if self._result is not None:
            self._left_out += 1
            return
        engine = self._variant.engine
        if token.kind is TokenKind.BOTH_LOST and both_lost(engine, self._board, self._tag_result):
            self._result = DOUBLE_FORFEIT
            return
        move = parse_move(engine, self._board, token.text)
        self._before, self._board = self._board, engine.apply(self._board, move)
        self._seen[position_key(self._board)] += 1
        self.moves.append(move)
        self._clocks_ms.append(None)
        self._evaluations.append(None)
        self._keys.append(zobrist_key(self._board))

    def outcome(self, fault: Fault | None) -> Replay:
        repetitions = self._seen[position_key(self._board)]
        is_usual = self._variant.name in ("standard", "chess960")
        return Replay(
            tags=self._text.tags,
            variant=self._variant,
            moves=tuple(self.moves),
            clocks_ms=tuple(self._clocks_ms),
            evaluations=tuple(self._evaluations),
            keys=tuple(self._keys),
            final=self._board,
            ending=self._variant.engine.ending(self._board, repetitions=repetitions),
            repetitions=repetitions,
            result=self._result or self._tag_result,
            opening=opening_table().classify(self._keys) if is_usual else None,
            repairs=self._repairs.texts(),
            fault=fault,
        )
