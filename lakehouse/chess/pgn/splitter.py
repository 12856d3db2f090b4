"""Cut a PGN file into games, as bytes: joined again, the pieces are the file.

Blank lines alone mean nothing, for files in the wild have them anywhere. A game begins
- at a tag line after movetext, or at an ``Event`` tag when the game has one already;
- at a tag that the game has already, when something else stands between them: a game may be tags alone;
- at a move number ``1.`` after a result, for files without tags;
- at a byte order mark, for files that were joined.
Comments in front of the tags belong to the game. A brace that nobody closed
ends at the next ``Event`` tag, so that it swallows one game and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from lakehouse.chess.pgn.results import is_result

__all__ = ["BLANK", "UTF8_BOM", "RawGame", "content_start", "file_bounds", "split_games"]

UTF8_BOM = b"\xef\xbb\xbf"
BLANK = b" \t\r\n\v\f"

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|[\r\n])?")
_TAG_START = re.compile(rb'[ \t]*\[[ \t]*([A-Za-z0-9_]+)[ \t]+"')
_TAG_PAIR = re.compile(rb'[ \t]*\[[ \t]*[A-Za-z0-9_]+[ \t]+"(?:[^"\\\r\n]|\\[^\r\n])*"[ \t]*\][ \t]*')
_PIECE = re.compile(rb"[{;()]|[^ \t\r\n\v\f{};()]+")
_JOINT = re.compile(UTF8_BOM + rb'(?=[ \t\r\n\v\f]*\[[ \t]*[A-Za-z0-9_]+[ \t]+")|(?<=[\r\n])' + UTF8_BOM)
"""Where another file was joined on: its mark stands in front of a tag, or begins a line."""
_FILE_START = re.compile(rb"(?:[ \t\r\n\v\f]*" + UTF8_BOM + rb")*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawGame:
    """The bytes of one game, with what stood between it and the next one."""

    index: int
    """0 for the file's first game."""
    offset: int
    """Of the first byte in the file."""
    raw: bytes


def split_games(data: bytes) -> list[RawGame]:
    """Return the games of a file in order; an empty list for a file of nothing but blanks."""
    bounds = file_bounds(data)
    starts = [at for start, end in pairwise(bounds) for at in _Splitter(data, start, end).starts()]
    return [
        RawGame(index=index, offset=start, raw=data[start:end])
        for index, (start, end) in enumerate(pairwise([*starts, len(data)] if starts else starts))
    ]


def file_bounds(data: bytes) -> list[int]:
    """Return where each of the files begins that were joined into this one, and its end.

    Each holds more than blanks: those stay with the file before them. An empty file has no bounds.
    """
    if not data[content_start(data) :].strip(BLANK):
        return []
    bounds = [0]
    if data.find(UTF8_BOM, 1) < 0:
        return [0, len(data)]
    for joint in _JOINT.finditer(data):
        if data[bounds[-1] : joint.start()].strip(BLANK + UTF8_BOM):
            bounds.append(joint.start())
    while len(bounds) > 1 and not data[bounds[-1] :].strip(BLANK + UTF8_BOM):
        bounds.pop()
    return [*bounds, len(data)]


def content_start(data: bytes, start: int = 0) -> int:
    """Return where a file's text begins: behind its byte order mark, and the blanks in front of that."""
    mark = _FILE_START.match(data, start)
    return start if mark is None else mark.end()


class _Splitter:
    """Walks the lines of one file once and remembers what the game so far has seen."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = data
        self._end = end
        self._starts = [start]
        self._reset()

    def _reset(self) -> None:
        self._tags: set[bytes] = set()
        self._is_interrupted = False
        self._has_moves = False
        self._has_result = False
        self._in_brace = False
        self._depth = 0

    def starts(self) -> list[int]:
        at = content_start(self._data, self._starts[0])
        while at < self._end:
            line = _LINE.match(self._data, at, self._end)
            end = self._end if line is None else line.end()
            self._take_line(at, end)
            at = end
        return self._starts

    def _take_line(self, start: int, end: int) -> None:
        tag = _TAG_START.match(self._data, start, end)
        if tag is not None and (tag[1] == b"Event" or not self._in_brace):
            if self._has_moves or self._begins_next_game(tag[1]):
                self._starts.append(start)
                self._reset()
            start = self._take_tags(tag, end)
        else:
            self._is_interrupted = bool(self._tags)
            if not self._in_brace and self._is_skipped(start, end):
                return
        self._take_moves(start, end)

    def _begins_next_game(self, name: bytes) -> bool:
        return name in self._tags and (self._is_interrupted or name == b"Event")

    def _take_tags(self, tag: re.Match[bytes], end: int) -> int:
        """Note the names of the line's tag pairs; return where these end, or the line's end if one is broken."""
        at = tag.start()
        while (name := _TAG_START.match(self._data, at, end)) is not None:
            self._tags.add(name[1])
            pair = _TAG_PAIR.match(self._data, at, end)
            if pair is None:
                return end
            at = pair.end()
        return end if self._data[at:end].startswith(b"[") else at

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
        elif self._depth == 0 and is_result(text):
            self._has_result = True
        self._has_moves = True
