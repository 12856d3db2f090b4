"""Walk the bytes of PGN: cut a file into games, and play the main line of one game.

The rules of cutting are those of ``lakehouse.chess.pgn.splitter``; the two are held equal by tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import inlined, kernel, signed

__all__ = [
    "byte_table",
    "is_blank",
    "is_word_byte",
    "line_stop",
    "pair_value",
    "read_clock",
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
    while at < end and data[at] != 10 and data[at] != 13:
        at += 1
    return at


@inlined
def _skip_spaces(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and (data[at] == 32 or data[at] == 9):
        at += 1
    return at


@inlined
def tag_name_length(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return start and length of the name if the line at ``at`` opens with ``[Name "``, else length 0."""
    at = _skip_spaces(data, at, end)
    if at >= end or data[at] != 91:  # [
        return at, 0
    start = _skip_spaces(data, at + 1, end)
    stop = start
    while stop < end and _NAME[data[stop]]:
        stop += 1
    quote = _skip_spaces(data, stop, end)
    if stop == start or quote == stop or quote >= end or data[quote] != 34:  # "
        return at, 0
    return start, stop - start


@inlined
def pair_value(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Return start and end of the value whose quote comes after the spaces at a place, and the place behind its
    pair and the spaces there; -1 for that if the pair is not well made."""
    start = _skip_spaces(data, at, end) + 1
    at = start
    while at < end and data[at] != 34:
        if data[at] == 10 or data[at] == 13:
            return start, at, -1
        if data[at] == 92:  # \\
            at += 1
            if at >= end or data[at] == 10 or data[at] == 13:
                return start, at, -1
        at += 1
    then = _skip_spaces(data, at + 1, end)
    if then >= end or data[then] != 93:  # ]
        return start, at, -1
    return start, at, _skip_spaces(data, then + 1, end)


@kernel
def skip_tags(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, bool]:
    """Return where the tag pairs that open a line end, and whether each was well made."""
    at = _skip_spaces(data, at, end)
    while at < end and data[at] == 91:
        start, length = tag_name_length(data, at, end)
        if length == 0:
            return end, False
        _, _, then = pair_value(data, start + length, end)
        if then < 0:
            return end, False
        at = then
    return at, True


@kernel
def result_at(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return 1 for ``1-0``, 2 for ``0-1``, 3 for ``1/2-1/2``, 4 for ``*``, else 0."""
    length = end - start
    if length == 1:
        return 4 if data[start] == 42 else 0
    if length == 3 and data[start + 1] == 45:
        if data[start] == 49 and data[start + 2] == 48:
            return 1
        if data[start] == 48 and data[start + 2] == 49:
            return 2
    if length == 7:
        for place, byte in enumerate((49, 47, 50, 45, 49, 47, 50)):
            if data[start + place] != byte:
                return 0
        return 3
    return 0


@kernel
def read_clock(data: NDArray[np.uint8], start: int, end: int) -> int:
    """Return the milliseconds of a comment's last ``[%clk h:mm:ss]``; -1 for none, -2 for a doubtful one."""
    found = -1
    at = start
    while at + 4 <= end:
        if not (
            data[at] == 37 and data[at + 1] == 99 and data[at + 2] == 108 and data[at + 3] == 107
        ):  # %clk
            at += 1
            continue
        if at == start or data[at - 1] != 91:
            return -2
        value = at + 4
        while value < end and is_blank(data[value]):  # writers wrap lines here
            value += 1
        if value == at + 4:
            return -2
        found, at = _clock_value(data, value, end)
        if found < 0:
            return -2
    return found


@kernel
def _clock_value(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    parts, value, digits, total, fraction = 0, 0, 0, 0, -1
    while at < end and data[at] != 93:
        byte = signed(data[at])
        if 48 <= byte <= 57 and fraction < 0:
            value, digits = value * 10 + byte - 48, digits + 1
        elif 48 <= byte <= 57 and digits < 3:
            fraction, digits = fraction * 10 + byte - 48, digits + 1
        elif byte == 58 and 1 <= digits <= 2 and fraction < 0:
            total, value, digits, parts = (total + value) * 60, 0, 0, parts + 1
        elif byte == 46 and 1 <= digits <= 2 and fraction < 0:
            fraction, digits = 0, 0
        else:
            return -2, at
        at += 1
    if at >= end or parts != 2 or digits < 1 or (fraction < 0 and digits > 2):
        return -2, at
    milliseconds = (total + value) * 1000
    if fraction >= 0:
        milliseconds += fraction * (100 if digits == 1 else 10 if digits == 2 else 1)
    return milliseconds, at
