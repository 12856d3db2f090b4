"""Read what comments say to programs: ``[%clk 0:05:23]`` and ``[%eval -1.35]``.

The rules are those of ``lakehouse.chess.pgn.annotations``; what is not plain to see is for them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel, signed
from lakehouse.chess.fast.letters import (
    CLOSE_BRACKET,
    COLON,
    COMMA,
    DASH,
    DIGIT_0,
    DIGIT_9,
    DOT,
    HASH,
    OPEN_BRACKET,
    PERCENT,
    PLUS,
)
from lakehouse.chess.fast.scanner import is_blank

__all__ = ["CENTIPAWNS", "CLOCK", "DOUBTFUL_NOTE", "MATE_IN", "NOT_NOTED", "read_notes"]

NOT_NOTED = np.int32(-(1 << 31))
"""Stands where a move has no clock or no evaluation."""
CLOCK, CENTIPAWNS, MATE_IN = 0, 1, 2
"""The rows of the moves' notes."""
DOUBTFUL_NOTE = -1

_CLK = np.frombuffer(b"clk", dtype=np.uint8).copy()
_EVAL = np.frombuffer(b"eval", dtype=np.uint8).copy()


@kernel
def read_notes(data: NDArray[np.uint8], start: int, end: int, notes: NDArray[np.int32], move: int) -> int:
    """Write the last clock and evaluation of a comment into the notes of a move.

    Returns how many there were, or DOUBTFUL_NOTE.
    """
    count = 0
    at = start
    while at < end:
        if data[at] != PERCENT:
            at += 1
            continue
        is_clock = _is_named(data, at + 1, end, _CLK)
        if not is_clock and not _is_named(data, at + 1, end, _EVAL):
            at += 1
            continue
        if at == start or data[at - 1] != OPEN_BRACKET:
            return DOUBTFUL_NOTE
        name_end = at + 1 + (len(_CLK) if is_clock else len(_EVAL))
        value = name_end
        while value < end and is_blank(data[value]):  # writers wrap lines here
            value += 1
        if value == name_end or value == end:
            return DOUBTFUL_NOTE
        at = _clock(data, value, end, notes, move) if is_clock else _evaluation(data, value, end, notes, move)
        if at < 0:
            return DOUBTFUL_NOTE
        count += 1
    return count


@kernel
def _is_named(data: NDArray[np.uint8], at: int, end: int, name: NDArray[np.uint8]) -> bool:
    if at + len(name) > end:
        return False
    for place in range(len(name)):  # noqa: SIM110 - kernels know no generators
        if data[at + place] != name[place]:
            return False
    return True


@kernel
def _is_digit(byte: int) -> bool:
    return DIGIT_0 <= byte <= DIGIT_9


@kernel
def _clock(data: NDArray[np.uint8], at: int, end: int, notes: NDArray[np.int32], move: int) -> int:
    """Read ``h:mm:ss`` with up to three decimals; return the place of the bracket behind it, or -1."""
    parts, value, digits, total, fraction = 0, 0, 0, 0, -1
    while at < end and data[at] != CLOSE_BRACKET:
        byte = signed(data[at])
        if _is_digit(byte) and fraction < 0:
            value, digits = value * 10 + byte - DIGIT_0, digits + 1
        elif _is_digit(byte) and digits < 3:
            fraction, digits = fraction * 10 + byte - DIGIT_0, digits + 1
        elif byte == COLON and 1 <= digits <= 2 and fraction < 0:
            total, value, digits, parts = (total + value) * 60, 0, 0, parts + 1
        elif byte == DOT and 1 <= digits <= 2 and fraction < 0:
            fraction, digits = 0, 0
        else:
            return -1
        at += 1
    if at >= end or parts != 2 or digits < 1 or (fraction < 0 and digits > 2):
        return -1
    milliseconds = (total + value) * 1000
    if fraction >= 0:
        milliseconds += fraction * (100 if digits == 1 else 10 if digits == 2 else 1)
    notes[CLOCK, move] = milliseconds
    return at


@kernel
def _evaluation(data: NDArray[np.uint8], at: int, end: int, notes: NDArray[np.int32], move: int) -> int:
    """Read ``-1.35``, ``#-3``, ``0.2,18``; return the place of the bracket behind it, or -1."""
    is_mate = data[at] == HASH
    if is_mate:
        at += 1
    sign = 1
    if at < end and (data[at] == DASH or data[at] == PLUS):
        sign = -1 if data[at] == DASH else 1
        at += 1
    value, digits = 0, 0
    while at < end and _is_digit(data[at]) and digits < 6:
        value, digits = value * 10 + signed(data[at]) - DIGIT_0, digits + 1
        at += 1
    if digits == 0:
        return -1
    if not is_mate:
        value *= 100
        if at < end and data[at] == DOT:
            at += 1
            digits = 0
            while at < end and _is_digit(data[at]) and digits < 2:
                value += (signed(data[at]) - DIGIT_0) * (10 if digits == 0 else 1)
                digits += 1
                at += 1
            if digits == 0:
                return -1
    if at < end and data[at] == COMMA:  # the depth of the search
        at += 1
        digits = 0
        while at < end and _is_digit(data[at]) and digits < 4:
            digits += 1
            at += 1
        if digits == 0:
            return -1
    if at >= end or data[at] != CLOSE_BRACKET:
        return -1
    notes[CENTIPAWNS, move] = NOT_NOTED if is_mate else sign * value
    notes[MATE_IN, move] = sign * value if is_mate else NOT_NOTED
    return at
