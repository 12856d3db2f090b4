"""The words of one game: tags, then moves, comments, variations, NAGs and the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from lakehouse.chess.pgn.results import is_double_forfeit, result_of
from lakehouse.chess.pgn.signs import is_passing_remark, is_sign, plain_dashes, sign_after_move

__all__ = ["GameText", "Token", "TokenKind", "read_game_text", "word_tokens"]


class TokenKind(Enum):
    """What a word of the movetext is."""

    MOVE = "move"
    COMMENT = "comment"
    NAG = "nag"
    OPEN = "("
    UNCLOSED = "( without )"
    """A bracket that nothing closes: it opens a variation up to the game's end, or is a slip."""
    CLOSE = ")"
    RESULT = "result"
    BOTH_LOST = "0-0"
    """The last word is ``0-0``: both players lost, if it can't be a castling."""
    SIGN = "sign"
    """What can't be meant as a move, see ``signs``; also a bracket without its like."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the movetext: for a comment without its braces, for a NAG without its ``$``."""

    kind: TokenKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GameText:
    """A game's tags by name, and its movetext in words."""

    tags: dict[str, str]
    tokens: tuple[Token, ...]
    broken_tags: tuple[str, ...]
    """Lines that look like tags and are not."""
    doubts: tuple[str, ...]
    """Why these tags may be of two games."""
    is_comment_open: bool
    """The last comment goes on to the end, because nothing closes it."""


_TAG_LINE = re.compile(r'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"')
_PAIR = re.compile(r'\[[ \t]*([A-Za-z0-9_]+)[ \t]+"((?:[^"\\\r\n]|\\[^\r\n])*)"[ \t]*\][ \t]*')
_LOOSE_PAIR = re.compile(r'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"(.*)"[ \t]*\]?[ \t]*')
_LINE = re.compile(r"[^\r\n]*(?:\r\n|[\r\n])?")
_WORD = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<nag>\$[0-9]+)|(?P<brace>\{)|(?P<line>;)"
    r"|(?P<word>[^ \t\r\n\v\f{};()$]+)|(?P<stray>\$|\})"
)
_NUMBER = re.compile(r"[0-9]+(?:\.*|…)|\.+|…")
_SUFFIX_NAGS = {"!": "1", "?": "2", "!!": "3", "??": "4", "!?": "5", "?!": "6"}
_BYTE_ORDER_MARK = "\ufeff"
_SAYS_NOTHING = (TokenKind.COMMENT, TokenKind.NAG, TokenKind.SIGN)


def read_game_text(text: str) -> GameText:
    """Take one game's text apart. Nothing is judged, and nothing raises."""
    lexer = _Lexer(text)
    lexer.run()
    return GameText(
        tags=lexer.tags,
        tokens=tuple(_with_last_word(_with_pairs(lexer.tokens))),
        broken_tags=tuple(lexer.broken_tags),
        doubts=tuple(lexer.doubts),
        is_comment_open=lexer.is_comment_open,
    )


def _with_pairs(tokens: list[Token]) -> list[Token]:
    """Name the brackets that have no like: one that closes, or opens before any move, is a sign."""
    open_at: list[int] = []
    found = list(tokens)
    for at, token in enumerate(tokens):
        if token.kind is TokenKind.OPEN:
            open_at.append(at)
        elif token.kind is TokenKind.CLOSE:
            if open_at:
                open_at.pop()
            else:
                found[at] = Token(TokenKind.SIGN, token.text)
    for at in open_at:
        found[at] = Token(TokenKind.UNCLOSED, tokens[at].text)
    return found


def _with_last_word(tokens: list[Token]) -> list[Token]:
    last = next((n for n in reversed(range(len(tokens))) if tokens[n].kind not in _SAYS_NOTHING), None)
    if last is not None and tokens[last].kind is TokenKind.MOVE and is_double_forfeit(tokens[last].text):
        tokens[last] = Token(TokenKind.BOTH_LOST, tokens[last].text)
    return tokens


class _Lexer:
    """Walks the lines in step with the splitter: the same lines are tags to both."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.tags: dict[str, str] = {}
        self.broken_tags: list[str] = []
        self.tokens: list[Token] = []
        self.doubts: list[str] = []
        self.is_comment_open = False
        self._comment: list[str] | None = None
        self._has_moves = False
        self._is_interrupted = False

    def run(self) -> None:
        at = 0
        while at < len(self._text):
            line = _LINE.match(self._text, at)
            end = len(self._text) if line is None else line.end()
            self._take_line(at, end)
            at = end
        if self._comment is not None:
            self.is_comment_open = True
            self._close_comment("")

    def _take_line(self, start: int, end: int) -> None:
        if self._comment is None:
            if _TAG_LINE.match(self._text, start, end):
                if self._is_interrupted and not self._has_moves:
                    self.doubts.append("tags stand on both sides of a gap: they may be of two games")
                    self._is_interrupted = False
                start = self._take_tags(start, end)
            elif self._text.startswith("%", start):
                return
            elif not self._has_moves and self._text[start:end].lstrip(" \t").startswith("["):
                self.broken_tags.append(self._text[start:end].strip())
                return
            else:
                self._is_interrupted = bool(self.tags)
        self._take_words(start, end)

    def _take_tags(self, start: int, end: int) -> int:
        at = start + len(self._text[start:end]) - len(self._text[start:end].lstrip(" \t"))
        while self._text.startswith("[", at):
            pair = _PAIR.match(self._text, at, end)
            if pair is None:
                self._take_loose_tag(self._text[at:end].rstrip("\r\n"))
                return end
            self._take_tag(pair[1], re.sub(r'\\(["\\])', r"\1", pair[2]))
            at = pair.end()
        return at

    def _take_loose_tag(self, line: str) -> None:
        """Read a tag with quotes in its value, or without its end."""
        pair = _LOOSE_PAIR.fullmatch(line)
        if pair is None:
            self.broken_tags.append(line.strip())
        else:
            self._take_tag(pair[1], pair[2])

    def _take_tag(self, name: str, value: str) -> None:
        known = self.tags.setdefault(name, value)
        if known != value:
            self.doubts.append(f"tag {name} is given twice, and the first one counts: {known!r}, {value!r}")

    def _take_words(self, at: int, end: int) -> None:
        while at < end:
            if self._comment is not None:
                close = self._text.find("}", at, end)
                if close < 0:
                    self._comment.append(self._text[at:end])
                    return
                self._close_comment(self._text[at:close])
                at = close + 1
                continue
            word = _WORD.search(self._text, at, end)
            if word is None:
                return
            at = word.end()
            if word.lastgroup == "line":
                self.tokens.append(Token(TokenKind.COMMENT, self._text[at:end].strip()))
                return
            if word.lastgroup == "brace":
                self._comment = []
            else:
                self._has_moves = True
                self.tokens.extend(_tokens_of(word))

    def _close_comment(self, rest: str) -> None:
        parts = self._comment or []
        self._comment = None
        text = " ".join("".join([*parts, rest]).split())
        self.tokens.append(Token(TokenKind.COMMENT, text))


def _tokens_of(word: re.Match[str]) -> Iterator[Token]:
    text = word[0]
    if word.lastgroup == "open":
        yield Token(TokenKind.OPEN, text)
    elif word.lastgroup == "close":
        yield Token(TokenKind.CLOSE, text)
    elif word.lastgroup == "nag":
        yield Token(TokenKind.NAG, text[1:])
    elif word.lastgroup == "stray":
        yield Token(TokenKind.SIGN, text)
    else:
        yield from word_tokens(text)


def word_tokens(text: str) -> Iterator[Token]:
    """Take a word apart: a result, or a move with the number before it and the signs behind it."""
    text = plain_dashes(text.replace(_BYTE_ORDER_MARK, ""))
    result = result_of(text)
    if result is None and not is_double_forfeit(text):
        number = _NUMBER.match(text)
        if number is not None and not text.startswith(("0-0", "0000")):
            text = text[number.end() :]
            result = result_of(text)
    if result is not None:
        yield Token(TokenKind.RESULT, result)
        return
    move = text.rstrip("!?")
    nag = _SUFFIX_NAGS.get(text[len(move) :])
    if is_passing_remark(move):
        move = ""
    if move and is_sign(move):
        yield Token(TokenKind.SIGN, move)
    elif move:
        move, sign = sign_after_move(move)
        yield Token(TokenKind.MOVE, move)
        if sign:
            yield Token(TokenKind.SIGN, sign)
    if nag is not None:
        yield Token(TokenKind.NAG, nag)
