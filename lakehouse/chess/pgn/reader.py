"""Read PGN for people: whole games with comments, NAGs and variations. No game is ever dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lakehouse.chess.board import Board
from lakehouse.chess.errors import ChessError, EmptyGameError, IllegalMoveError, NeedsRepairError
from lakehouse.chess.pgn.annotations import Annotations, read_annotations
from lakehouse.chess.pgn.encoding import decode, detect_encoding
from lakehouse.chess.pgn.lexer import GameText, Token, TokenKind, read_game_text
from lakehouse.chess.pgn.repairs import RepairLog, both_lost, last_result, opens_variation
from lakehouse.chess.pgn.results import DOUBLE_FORFEIT, UNFINISHED, result_of_tag
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.pgn.splitter import RawGame, split_games
from lakehouse.chess.pgn.tree import PgnGame, PgnMove
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.san import format_san, parse_move

__all__ = ["QuarantinedGame", "is_empty_game", "read_game", "read_pgn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedGame:
    """A game that can't be used, with all that is known about it."""

    source: RawGame
    ply: int | None
    """How many moves were played before the fault; None when the game can't even begin."""
    reason: str
    tags: dict[str, str]


def read_pgn(data: bytes, *, strict: bool = False) -> Iterator[PgnGame | QuarantinedGame]:
    """Yield every game of a file, in order: read whole, or quarantined with its reason."""
    encoding = detect_encoding(data)
    for source in split_games(data):
        yield read_game(source, encoding=encoding, strict=strict)


def read_game(source: RawGame, *, encoding: str = "utf-8", strict: bool = False) -> PgnGame | QuarantinedGame:
    """Read one game. An illegal move of the main line quarantines it; one in a variation is a warning.

    What is not written by the rules is repaired, and the repair is listed; ``strict`` quarantines such a game too.
    """
    text = read_game_text(decode(source.raw, encoding))
    try:
        return _Reader(text, RepairLog(strict=strict)).game()
    except NeedsRepairError as error:
        return QuarantinedGame(source=source, ply=error.ply, reason=str(error), tags=text.tags)
    except ChessError as error:
        ply = error.ply if isinstance(error, IllegalMoveError) else None
        return QuarantinedGame(source=source, ply=ply, reason=str(error), tags=text.tags)


def is_empty_game(text: GameText) -> bool:
    """Say whether a text holds nothing of a game: no tag, and no more than comments and signs."""
    return not text.tags and all(token.kind in (TokenKind.COMMENT, TokenKind.SIGN) for token in text.tokens)


@dataclass(slots=True)
class _Line:
    """A line as it is read: the game, or a variation."""

    engine: RuleEngine
    board: Board
    is_main: bool
    before: Board | None = None
    """Where the last move was made: a variation begins there."""
    moves: list[PgnMove] = field(default_factory=list)
    said: str = ""
    """A comment that waits for the line's first move."""

    def play(self, text: str) -> None:
        """Play a move. Raises IllegalMoveError."""
        move = parse_move(self.engine, self.board, text)
        made = PgnMove(san=format_san(self.engine, self.board, move), move=move, before=self.said)
        self.moves.append(made)
        self.before, self.board, self.said = self.board, self.engine.apply(self.board, move), ""

    def comment(self, text: str) -> None:
        """Say it of the last move, or of the line before its first move."""
        if not self.moves:
            self.said = f"{self.said} {text}".strip()
            return
        last, found = self.moves[-1], read_annotations(text)
        both = found if last.comment is None else _merged(last.comment, found)
        self.moves[-1] = replace(last, comment=both)

    def annotate(self, nag: int) -> None:
        """Give the last move a glyph; before the first move there is nothing to give it to."""
        if self.moves:
            self.moves[-1] = replace(self.moves[-1], nags=(*self.moves[-1].nags, nag))

    def vary(self, moves: list[PgnMove]) -> None:
        """Add a line that could have been played instead of the last move."""
        self.moves[-1] = replace(self.moves[-1], variations=(*self.moves[-1].variations, tuple(moves)))


class _Reader:
    """Reads the words of one game from left to right."""

    def __init__(self, text: GameText, repairs: RepairLog) -> None:
        self._text = text
        self._tokens = text.tokens
        self._at = 0
        self._tag_result = result_of_tag(text.tags.get("Result", ""))
        self._result: str | None = None
        self._left_out = 0
        self._repairs = repairs
        self._warnings = list(text.doubts)

    def game(self) -> PgnGame:
        if is_empty_game(self._text):
            raise EmptyGameError
        variant, start = start_of(self._text.tags, self._repairs)
        self._repairs.take_broken_tags(self._text)
        main = _Line(variant.engine, start, is_main=True)
        self._read(main)
        self._repairs.take_end(self._text, ply=len(main.moves), left_out=self._left_out)
        if self._result is not None and self._tag_result not in (self._result, UNFINISHED):
            self._warnings.append(f"the tag says {self._tag_result}, the movetext {self._result}")
        repairs = self._repairs.texts()
        return PgnGame(
            tags=self._text.tags,
            variant=variant,
            start=start,
            moves=tuple(main.moves),
            result=self._result or self._tag_result,
            comment=main.said,
            repairs=repairs,
            warnings=(*repairs, *self._warnings),
        )

    def _read(self, line: _Line) -> None:
        """Read words up to the bracket that closes the line, or to the end."""
        while (token := self._next()) is not None and token.kind is not TokenKind.CLOSE:
            if token.kind in (TokenKind.MOVE, TokenKind.BOTH_LOST):
                self._take_move(line, token)
            elif token.kind is TokenKind.RESULT:
                self._result = self._result or (token.text if line.is_main else None)
            elif token.kind is TokenKind.OPEN:
                self._variation(line)
            elif token.kind is TokenKind.UNCLOSED:
                self._unclosed(line)
            elif token.kind is TokenKind.COMMENT:
                line.comment(token.text)
            elif token.kind is TokenKind.NAG:
                line.annotate(min(int(token.text[:6]), 255))
            else:
                nag = self._repairs.take_sign(line.board.version, token.text)
                if nag is not None:
                    line.annotate(nag)

    def _take_move(self, line: _Line, token: Token) -> None:
        if line.is_main and self._result is not None:
            self._left_out += 1
        elif token.kind is TokenKind.BOTH_LOST and both_lost(line.engine, line.board, self._tag_result):
            self._result = DOUBLE_FORFEIT
        else:
            line.play(token.text)

    def _variation(self, line: _Line) -> None:
        """Read a variation of the last move; what is illegal in it is left out with a warning.

        A variation of words alone is a comment.
        """
        opened_at = self._at
        if line.before is None:
            self._skip_variation()
            self._keep_words(line, opened_at)
            return
        inner = _Line(line.engine, line.before, is_main=False)
        try:
            self._read(inner)
        except NeedsRepairError:
            raise
        except (ChessError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            self._warnings.append(f"variation left out: {reason}")
            self._at = opened_at
            self._skip_variation()
            return
        if inner.moves:
            line.vary(inner.moves)
        elif inner.said:
            line.comment(inner.said)

    def _keep_words(self, line: _Line, opened_at: int) -> None:
        """Keep what is said in a variation that no move stands before; its moves are left out with a warning."""
        skipped = self._tokens[opened_at : self._at]
        for token in skipped:
            if token.kind is TokenKind.COMMENT:
                line.comment(token.text)
        if any(token.kind is TokenKind.MOVE for token in skipped):
            self._warnings.append("variation left out: no move stands before it")

    def _unclosed(self, line: _Line) -> None:
        """Read a variation that nothing closes up to the end; or go on if its bracket is a slip."""
        if not opens_variation(line.engine, line.before, self._tokens, self._at):
            self._repairs.take_sign(line.board.version, "(")
            return
        self._repairs.take_unclosed(line.board.version, self._tokens, self._at)
        self._variation(line)
        self._result = self._result or last_result(self._tokens)

    def _skip_variation(self) -> None:
        depth = 1
        while depth and (token := self._next()) is not None:
            depth += (token.kind is TokenKind.OPEN) - (token.kind is TokenKind.CLOSE)

    def _next(self) -> Token | None:
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def _merged(first: Annotations, second: Annotations) -> Annotations:
    return Annotations(
        text=f"{first.text} {second.text}".strip(),
        clock_ms=first.clock_ms if second.clock_ms is None else second.clock_ms,
        elapsed_ms=first.elapsed_ms if second.elapsed_ms is None else second.elapsed_ms,
        evaluation=second.evaluation or first.evaluation,
    )
