"""Read PGN for people: whole games with comments, NAGs and variations. No game is ever dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lakehouse.chess.board import Board
from lakehouse.chess.errors import ChessError, IllegalMoveError
from lakehouse.chess.pgn.annotations import Annotations, read_annotations
from lakehouse.chess.pgn.encoding import decode, detect_encoding
from lakehouse.chess.pgn.lexer import GameText, Token, TokenKind, read_game_text
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.pgn.splitter import RawGame, split_games
from lakehouse.chess.pgn.tree import PgnGame, PgnMove
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.san import format_san, parse_move

__all__ = ["QuarantinedGame", "read_game", "read_pgn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedGame:
    """A game that can't be used, with all that is known about it."""

    source: RawGame
    ply: int | None
    """How many moves were played before the fault; None when the game can't even begin."""
    reason: str
    tags: dict[str, str]


def read_pgn(data: bytes) -> Iterator[PgnGame | QuarantinedGame]:
    """Yield every game of a file, in order: read whole, or quarantined with its reason."""
    encoding = detect_encoding(data)
    for source in split_games(data):
        yield read_game(source, encoding=encoding)


def read_game(source: RawGame, *, encoding: str = "utf-8") -> PgnGame | QuarantinedGame:
    """Read one game. An illegal move of the main line quarantines it; one in a variation is a warning."""
    text = read_game_text(decode(source.raw, encoding))
    try:
        return _Reader(text).game()
    except ChessError as error:
        ply = error.ply if isinstance(error, IllegalMoveError) else None
        return QuarantinedGame(source=source, ply=ply, reason=str(error), tags=text.tags)


class EmptyGameError(ChessError):
    """Text that holds neither tags nor moves."""

    def __init__(self) -> None:
        super().__init__("there are no tags, no moves and no result.", fix="look at the raw bytes.")


class _Reader:
    """Reads the words of one game from left to right."""

    def __init__(self, text: GameText) -> None:
        self._text = text
        self._tokens = text.tokens
        self._at = 0
        self._result: str | None = None
        self._warnings = [f"unreadable tag {tag!r}" for tag in text.broken_tags]

    def game(self) -> PgnGame:
        has_words = any(token.kind is not TokenKind.COMMENT for token in self._tokens)
        if not self._text.tags and not has_words:
            raise EmptyGameError
        variant, start = start_of(self._text.tags)
        moves = self._line(variant.engine, start, is_main=True)
        tag = self._text.tags.get("Result", "*")
        if self._result is not None and tag in ("1-0", "0-1", "1/2-1/2") and self._result != tag:
            self._warnings.append(f"the tag says {tag}, the movetext {self._result}")
        result = self._result or (tag if tag in ("1-0", "0-1", "1/2-1/2") else "*")
        return PgnGame(
            tags=self._text.tags,
            variant=variant,
            start=start,
            moves=moves,
            result=result,
            warnings=tuple(self._warnings),
        )

    def _line(self, engine: RuleEngine, board: Board, *, is_main: bool) -> tuple[PgnMove, ...]:
        """Read moves up to the result or the closing bracket; ``board`` is where the line begins."""
        line: list[PgnMove] = []
        before, opening = board, ""
        while (token := self._next()) is not None:
            if token.kind is TokenKind.MOVE and (self._result is None or not is_main):
                move = parse_move(engine, board, token.text)
                line.append(PgnMove(san=format_san(engine, board, move), move=move, before=opening))
                before, board, opening = board, engine.apply(board, move), ""
            elif token.kind is TokenKind.OPEN:
                self._variation(engine, before, line)
            elif token.kind is TokenKind.CLOSE and not is_main:
                return tuple(line)
            elif token.kind is TokenKind.RESULT:
                self._result = self._result or (token.text if is_main else None)
            elif token.kind is TokenKind.COMMENT and not line:
                opening = f"{opening} {token.text}".strip()
            elif line:
                line[-1] = _annotated(line[-1], token)
        return tuple(line)

    def _variation(self, engine: RuleEngine, before: Board, line: list[PgnMove]) -> None:
        """Read a variation of the last move; what is illegal in it is left out with a warning."""
        opened_at = self._at
        try:
            moves = self._line(engine, before, is_main=False)
        except ChessError as error:
            self._warnings.append(f"variation left out: {error}")
            self._at = opened_at
            self._skip_variation()
            return
        except RecursionError:
            self._warnings.append("variation left out: it is nested too deep")
            self._at = opened_at
            self._skip_variation()
            return
        if moves and line:
            line[-1] = replace(line[-1], variations=(*line[-1].variations, moves))

    def _skip_variation(self) -> None:
        depth = 1
        while depth and (token := self._next()) is not None:
            depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)

    def _next(self) -> Token | None:
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def _annotated(move: PgnMove, token: Token) -> PgnMove:
    if token.kind is TokenKind.NAG:
        return replace(move, nags=(*move.nags, min(int(token.text[:6]), 255)))
    if token.kind is not TokenKind.COMMENT:
        return move
    found = read_annotations(token.text)
    if move.comment is None:
        return replace(move, comment=found)
    return replace(move, comment=_merged(move.comment, found))


def _merged(first: Annotations, second: Annotations) -> Annotations:
    return Annotations(
        text=f"{first.text} {second.text}".strip(),
        clock_ms=first.clock_ms if second.clock_ms is None else second.clock_ms,
        elapsed_ms=first.elapsed_ms if second.elapsed_ms is None else second.elapsed_ms,
        evaluation=second.evaluation or first.evaluation,
    )
