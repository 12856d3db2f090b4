"""Replay a game's main line and say what it comes to: the specification of the fast core.

A replay always has an answer: a game with a fault keeps its moves up to the fault, and says its ply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from lakehouse.chess.board import Board
from lakehouse.chess.errors import ChessError, IllegalMoveError
from lakehouse.chess.geometry import Position
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.openings import Opening, opening_table
from lakehouse.chess.pgn.annotations import read_annotations
from lakehouse.chess.pgn.encoding import decode
from lakehouse.chess.pgn.lexer import GameText, TokenKind, read_game_text
from lakehouse.chess.pgn.reader import EmptyGameError
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.position_key import position_key, zobrist_key
from lakehouse.chess.san import parse_move
from lakehouse.chess.termination import Ending
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["Fault", "Replay", "pack_move", "replay_game"]

KNOWN_RESULTS = ("1-0", "0-1", "1/2-1/2")


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
    keys: tuple[int, ...]
    """Zobrist keys of the positions after each move."""
    final: Board
    ending: Ending | None
    """What the last position ends by itself."""
    repetitions: int
    """How often the last position stood on the board."""
    result: str
    opening: Opening | None
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


def replay_game(raw: bytes, *, encoding: str = "utf-8") -> Replay:
    """Replay the bytes of one game. Nothing raises: what is wrong is the replay's fault."""
    text = read_game_text(decode(raw, encoding))
    try:
        variant, start = start_of(text.tags)
        if not text.tags and all(token.kind is TokenKind.COMMENT for token in text.tokens):
            raise EmptyGameError
    except ChessError as error:
        board = STANDARD.start_board()
        replayer = _Replayer(text, STANDARD, board)
        return replayer.outcome(Fault(ply=None, reason=str(error)))
    replayer = _Replayer(text, variant, start)
    try:
        replayer.run()
    except IllegalMoveError as error:
        return replayer.outcome(Fault(ply=len(replayer.moves), reason=str(error)))
    return replayer.outcome(None)


class _Replayer:
    """Plays the moves of the main line; variations are passed over."""

    def __init__(self, text: GameText, variant: Variant, start: Board) -> None:
        self._text = text
        self._variant = variant
        self._board = start
        self._seen: Counter[Hashable] = Counter([position_key(start)])
        self._result: str | None = None
        self.moves: list[Move] = []
        self._clocks_ms: list[int | None] = []
        self._keys: list[int] = []

    def run(self) -> None:
        depth = 0
        for token in self._text.tokens:
            if token.kind is TokenKind.OPEN:
                depth += 1
            elif token.kind is TokenKind.CLOSE:
                depth = max(0, depth - 1)
            elif depth or self._result is not None:
                continue
            elif token.kind is TokenKind.RESULT:
                self._result = token.text
            elif token.kind is TokenKind.MOVE:
                self._play(token.text)
            elif token.kind is TokenKind.COMMENT and self.moves and "[%clk" in token.text:
                clock_ms = read_annotations(token.text).clock_ms
                self._clocks_ms[-1] = clock_ms if clock_ms is not None else self._clocks_ms[-1]

    def _play(self, text: str) -> None:
        engine = self._variant.engine
        move = parse_move(engine, self._board, text)
        self._board = engine.apply(self._board, move)
        self._seen[position_key(self._board)] += 1
        self.moves.append(move)
        self._clocks_ms.append(None)
        self._keys.append(zobrist_key(self._board))

    def outcome(self, fault: Fault | None) -> Replay:
        tag = self._text.tags.get("Result", "*").strip()
        repetitions = self._seen[position_key(self._board)]
        is_usual = self._variant.name in ("standard", "chess960")
        return Replay(
            tags=self._text.tags,
            variant=self._variant,
            moves=tuple(self.moves),
            clocks_ms=tuple(self._clocks_ms),
            keys=tuple(self._keys),
            final=self._board,
            ending=self._variant.engine.ending(self._board, repetitions=repetitions),
            repetitions=repetitions,
            result=self._result or (tag if tag in KNOWN_RESULTS else "*"),
            opening=opening_table().classify(self._keys) if is_usual else None,
            fault=fault,
        )
