"""Cut a PGN file into games, as bytes: joined again, the pieces are the file.

Blank lines mean nothing, for files in the wild have them anywhere. A game begins
- at a tag line after movetext, or at an ``Event`` tag when the game has one already;
- at a move number ``1.`` after a result, for files without tags.
Comments in front of the tags belong to the game. A brace that nobody closed
ends at the next ``Event`` tag, so that it swallows one game and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["UTF8_BOM", "RawGame", "split_games", "tags_end"]

UTF8_BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\v\f"

_LINE = re.compile(rb"[^\r\n]*[\r\n]?")
_TAG_START = re.compile(rb'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"')
_TAG_PAIR = re.compile(rb'\[[ \t]*[A-Za-z0-9_]+[ \t]+"(?:[^"\\\r\n]|\\[^\r\n])*"[ \t]*\][ \t]*')
_PIECE = re.compile(rb"[{;()]|[^ \t\r\n\v\f{};()]+")
RESULTS = (b"1-0", b"0-1", b"1/2-1/2", b"*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGame:
    """The bytes of one game, with what stood between it and the next one."""

    index: int
    """0 for the file's first game."""
    offset: int
    """Of the first byte in the file."""
    raw: bytes


def split_games(data: bytes) -> list[RawGame]:
    """Return the games of a file in order; none for a file of nothing but blanks."""
    content = data[3:] if data.startswith(UTF8_BOM) else data
    if not content.strip(BLANK):
        return []
    starts = _Splitter(data).starts()
    ends = [*starts[1:], len(data)]
    return [
        RawGame(index=index, offset=start, raw=data[start:end])
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def tags_end(data: bytes, start: int, end: int) -> int:
    """Return where the tag pairs at the line's ``start`` end; ``end`` of the line if they are broken."""
    at = start
    while data[at : at + 1] in (b" ", b"\t"):
        at += 1
    while data[at : at + 1] == b"[":
        pair = _TAG_PAIR.match(data, at, end)
        if pair is None:
            return end
        at = pair.end()
    return at


class _Splitter:
    """Walks the lines once and remembers what the game so far has seen."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = [0]
        self._reset()

    def _reset(self, *, has_event: bool = False) -> None:
        self._has_event = has_event
        self._has_moves = False
        self._has_result = False
        self._in_brace = False
        self._depth = 0

    def starts(self) -> list[int]:
        at = 3 if self._data.startswith(UTF8_BOM) else 0
        while at < len(self._data):
            line = _LINE.match(self._data, at)
            end = len(self._data) if line is None else line.end()
            self._take_line(at, end)
            at = end
        return self._starts

    def _take_line(self, start: int, end: int) -> None:
        tag = _TAG_START.match(self._data, start, end)
        is_event = tag is not None and tag[1] == b"Event"
        if tag is not None and (is_event or not self._in_brace):
            if self._has_moves or (is_event and self._has_event):
                self._starts.append(start)
                self._reset()
            self._has_event = self._has_event or is_event
            start = tags_end(self._data, start, end)
        elif not self._in_brace and self._is_skipped(start, end):
            return
        self._take_moves(start, end)

    def _is_skipped(self, start: int, end: int) -> bool:
        """Say whether the line is an escape, or a tag so broken that it has no name."""
        first = self._data[start:end].lstrip(b" \t")[:1]
        return self._data[start : start + 1] == b"%" or (first == b"[" and not self._has_moves)

    def _take_moves(self, at: int, end: int) -> None:
        while at < end:
            if self._in_brace:
                close = self._data.find(b"}", at, end)
                self._in_brace = close < 0
                at = end if close < 0 else close + 1
                continue
            piece = _PIECE.search(self._data, at, end)
            if piece is None:
                return
            at = piece.end()
            text = piece[0]
            if text == b";":
                return
            self._take_piece(text, piece.start())

    def _take_piece(self, text: bytes, at: int) -> None:
        if text == b"{":
            self._in_brace = True
            return
        if text in (b"(", b")"):
            self._depth = max(0, self._depth + (1 if text == b"(" else -1))
        elif self._has_result and self._depth == 0 and text.startswith(b"1."):
            self._starts.append(at)
            self._reset()
        elif self._depth == 0 and text in RESULTS:
            self._has_result = True
        self._has_moves = True
