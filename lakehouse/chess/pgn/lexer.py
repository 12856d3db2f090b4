"""The words of one game: tags, then moves, comments, variations, NAGs and the result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["GameText", "Token", "TokenKind", "read_game_text"]


class TokenKind(Enum):
    """What a word of the movetext is."""

    MOVE = "move"
    COMMENT = "comment"
    NAG = "nag"
    OPEN = "("
    CLOSE = ")"
    RESULT = "result"


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
    """Lines that look like tags and are none."""


_TAG_LINE = re.compile(r'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"')
_PAIR = re.compile(r'\[[ \t]*([A-Za-z0-9_]+)[ \t]+"((?:[^"\\\r\n]|\\[^\r\n])*)"[ \t]*\][ \t]*')
_LOOSE_PAIR = re.compile(r'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"(.*)"[ \t]*\]?[ \t]*')
_LINE = re.compile(r"[^\r\n]*[\r\n]?")
_WORD = re.compile(
    r"(?P<open>\()|(?P<close>\))|(?P<nag>\$[0-9]+)|(?P<brace>\{)|(?P<line>;)"
    r"|(?P<word>[^ \t\r\n\v\f{};()$]+)|(?P<stray>\$|\})"
)
_NUMBER = re.compile(r"[0-9]+(?:\.*|…)|\.+|…")
_RESULTS = {"1-0": "1-0", "0-1": "0-1", "1/2-1/2": "1/2-1/2", "½-½": "1/2-1/2", "*": "*"}
_SUFFIX_NAGS = {"!": "1", "?": "2", "!!": "3", "??": "4", "!?": "5", "?!": "6"}


def read_game_text(text: str) -> GameText:
    """Take one game's text apart. Nothing is judged, and nothing raises."""
    lexer = _Lexer(text)
    lexer.run()
    return GameText(tags=lexer.tags, tokens=tuple(lexer.tokens), broken_tags=tuple(lexer.broken_tags))


class _Lexer:
    """Walks the lines in step with the splitter: the same lines are tags to both."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.tags: dict[str, str] = {}
        self.broken_tags: list[str] = []
        self.tokens: list[Token] = []
        self._comment: list[str] | None = None
        self._has_moves = False

    def run(self) -> None:
        at = 0
        while at < len(self._text):
            line = _LINE.match(self._text, at)
            end = len(self._text) if line is None else line.end()
            self._take_line(at, end)
            at = end
        if self._comment is not None:
            self._close_comment("")

    def _take_line(self, start: int, end: int) -> None:
        if self._comment is None:
            if _TAG_LINE.match(self._text, start, end):
                start = self._take_tags(start, end)
            elif self._text.startswith("%", start):
                return
            elif not self._has_moves and self._text[start:end].lstrip(" \t").startswith("["):
                self.broken_tags.append(self._text[start:end].strip())
                return
        self._take_words(start, end)

    def _take_tags(self, start: int, end: int) -> int:
        at = start + len(self._text[start:end]) - len(self._text[start:end].lstrip(" \t"))
        while self._text.startswith("[", at):
            pair = _PAIR.match(self._text, at, end)
            if pair is None:
                self._take_loose_tag(self._text[at:end].rstrip("\r\n"))
                return end
            self.tags.setdefault(pair[1], re.sub(r'\\(["\\])', r"\1", pair[2]))
            at = pair.end()
        return at

    def _take_loose_tag(self, line: str) -> None:
        """Read a tag with quotes in its value, or without its end."""
        pair = _LOOSE_PAIR.fullmatch(line)
        if pair is None:
            self.broken_tags.append(line.strip())
        else:
            self.tags.setdefault(pair[1], pair[2])

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
    elif text in _RESULTS:
        yield Token(TokenKind.RESULT, _RESULTS[text])
    elif word.lastgroup == "word":
        yield from _move_tokens(text)


def _move_tokens(text: str) -> Iterator[Token]:
    """Take a move apart from the number before it and the ``!?`` behind it."""
    number = _NUMBER.match(text)
    if number is not None and not text.startswith(("0-0", "0000")):
        text = text[number.end() :]
    if text in _RESULTS:
        yield Token(TokenKind.RESULT, _RESULTS[text])
        return
    move = text.rstrip("!?")
    if move:
        yield Token(TokenKind.MOVE, move)
    if len(move) < len(text):
        nag = _SUFFIX_NAGS.get(text[len(move) :])
        if nag is not None:
            yield Token(TokenKind.NAG, nag)
