"""An SQL expression as words, texts and marks (Spark's SqlBaseLexer, as far as expressions need it)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Token", "closing", "follows_dot", "is_call", "names", "plain_column", "tokens_of"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>--|/\*)
      | (?P<raw>[rR](?=['"]))
      | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
      | (?P<quoted>`(?:[^`]|``)*`)
      | (?P<number>\d[\w.]*|\.\d\w*)
      | (?P<word>[^\W\d]\w*)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"[^\W\d]\w*|`(?:[^`]|``)+`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of an expression; blanks are left out."""

    kind: str
    """``word``, ``text``, ``quoted`` (a name in backticks), ``number`` or ``mark``."""
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """The piece in lower case: names of functions and keywords don't mind their case."""
        return self.text.lower()


def names(text: str) -> frozenset[str]:
    """Return the names that stand in a text, with blanks between."""
    return frozenset(text.split())


def tokens_of(text: str) -> tuple[Token, ...] | None:
    """Return the pieces of an expression; None for one with comments, raw texts or open quotes."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind in ("comment", "raw") or (kind == "mark" and match[0] in "'\"`"):
            return None
        if kind != "space":
            found.append(Token(kind=kind, text=match[0], start=match.start(), end=match.end()))
    return tuple(found)


def closing(tokens: Sequence[Token], opening: int) -> int | None:
    """Return the position of the parenthesis that closes the one at ``opening``; None when it stays open."""
    depth = 0
    for position in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[position].text, 0)
        if depth == 0:
            return position
    return None


def is_call(tokens: Sequence[Token], position: int) -> bool:
    """Say whether a word is followed by a parenthesis."""
    after = position + 1
    return tokens[position].kind == "word" and after < len(tokens) and tokens[after].text == "("


def follows_dot(tokens: Sequence[Token], position: int) -> bool:
    """Say whether the piece is a part of a longer name."""
    return position > 0 and tokens[position - 1].text == "."


def plain_column(text: str) -> str | None:
    """Return the name when the expression is a column and nothing else; None for any other expression."""
    stripped = text.strip()
    if not _NAME.fullmatch(stripped):
        return None
    return stripped[1:-1].replace("``", "`") if stripped.startswith("`") else stripped
