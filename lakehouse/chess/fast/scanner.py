"""Read the bytes of PGN: lines, tags, words and results.

The rules are those of ``lakehouse.chess.pgn``; tests prove both equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import inlined, kernel
from lakehouse.chess.fast.letters import (
    BACKSLASH,
    CLOSE_BRACKET,
    DIGIT_0,
    DIGIT_1,
    DIGIT_2,
    NEWLINE,
    OPEN_BRACKET,
    QUOTE,
    RETURN,
    SLASH,
    SPACE,
    STAR,
    TAB,
)

__all__ = [
    "byte_table",
    "is_blank",
    "is_word_byte",
    "line_stop",
    "pair_value",
    "result_at",
    "skip_tags",
    "tag_name_length",
]


def byte_table(members: bytes) -> NDArray[np.bool_]:
    """Return, by byte, whether it is a member."""
    table = np.zeros(256, dtype=np.bool_)
    table[list(members)] = True
    return table


_NAME = byte_table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_BLANK = byte_table(b" \t\r\n\v\f")
HALF_LEAD, HALF = "½".encode()
"""In UTF-8; in latin-1 it is the second byte alone."""
DASH_LEAD, DASH_SECOND, FIRST_DASH = "\u2010".encode()
LAST_DASH = "\u2015".encode()[2]
"""The dashes in UTF-8 differ in their third byte."""
_, MINUS_SECOND, MINUS_THIRD = "\u2212".encode()
"""The minus begins as the dashes do."""
_DASHES = byte_table(b"-:\x96\x97")
_NO_WORD = byte_table(b" \t\r\n\v\f{};()")


@inlined
def is_blank(byte: int) -> bool:
    """Say whether the byte separates words."""
    return bool(_BLANK[byte])


@inlined
def is_word_byte(byte: int) -> bool:
    """Say whether the byte can be in a move."""
    return not _NO_WORD[byte]


@inlined
def line_stop(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place of the mark that ends the line of ``at``, or ``end``."""
    while at < end and data[at] != NEWLINE and data[at] != RETURN:
        at += 1
    return at


@inlined
def _skip_spaces(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and (data[at] == SPACE or data[at] == TAB):
        at += 1
    return at


@inlined
def tag_name_length(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return start and length of the name if the line at ``at`` opens with ``[Name "``, else length 0."""
    at = _skip_spaces(data, at, end)
    if at >= end or data[at] != OPEN_BRACKET:
        return at, 0
    start = _skip_spaces(data, at + 1, end)
    stop = start
    while stop < end and _NAME[data[stop]]:
        stop += 1
    quote = _skip_spaces(data, stop, end)
    if stop == start or quote == stop or quote >= end or data[quote] != QUOTE:
        return at, 0
    return start, stop - start


@inlined
def pair_value(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Return start and end of the value whose quote comes after the spaces at a place, and the place behind its
    pair and the spaces there; -1 for that if the pair is not well made."""
    start = _skip_spaces(data, at, end) + 1
    at = start
    while at < end and data[at] != QUOTE:
        if data[at] == NEWLINE or data[at] == RETURN:
            return start, at, -1
        if data[at] == BACKSLASH:
            at += 1
            if at >= end or data[at] == NEWLINE or data[at] == RETURN:
                return start, at, -1
        at += 1
    then = _skip_spaces(data, at + 1, end)
    if then >= end or data[then] != CLOSE_BRACKET:
        return start, at, -1
    return start, at, _skip_spaces(data, then + 1, end)


@kernel
def skip_tags(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, bool]:
    """Return where the tag pairs that open a line end, and whether each was well made."""
    at = _skip_spaces(data, at, end)
    while at < end and data[at] == OPEN_BRACKET:
        start, length = tag_name_length(data, at, end)
        if length == 0:
            return end, False
        _, _, then = pair_value(data, start + length, end)
        if then < 0:
            return end, False
        at = then
    return at, True


@kernel
def _score(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return twice the points that stand at a place, and the place behind them; -1 for anything else."""
    if at < end and data[at] == DIGIT_0:
        return 0, at + 1
    if at + 2 < end and data[at] == DIGIT_1 and data[at + 1] == SLASH and data[at + 2] == DIGIT_2:
        return 1, at + 3
    if at < end and data[at] == DIGIT_1:
        return 2, at + 1
    if at < end and data[at] == HALF:
        return 1, at + 1
    if at + 1 < end and data[at] == HALF_LEAD and data[at + 1] == HALF:
        return 1, at + 2
    return -1, at


@kernel
def _dash_stop(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place behind the dash at a place, in ASCII, latin-1 or UTF-8; the same place without one."""
    if at < end and _DASHES[data[at]]:
        return at + 1
    if at + 2 < end and data[at] == DASH_LEAD:
        if data[at + 1] == DASH_SECOND and FIRST_DASH <= data[at + 2] <= LAST_DASH:
            return at + 3
        if data[at + 1] == MINUS_SECOND and data[at + 2] == MINUS_THIRD:
            return at + 3
    return at


@kernel
def result_at(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return 1 for ``1-0``, 2 for ``0-1``, 3 for ``1/2-1/2``, 4 for ``*``, else 0: see ``results.is_result``."""
    if end - start == 1 and data[start] == STAR:
        return 4
    white, at = _score(data, start, end)
    if white < 0:
        return 0
    if at == end:
        return 3 if white == 1 else 0
    stop = _dash_stop(data, at, end)
    black, then = _score(data, stop, end)
    if stop == at or then != end or white + black != 2:
        return 0
    return 1 if white == 2 else 2 if black == 2 else 3
