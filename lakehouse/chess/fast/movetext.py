"""Walk the movetext of one game from word to word of its main line; comments and variations are passed over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.annotations import CENTIPAWNS, CLOCK, DOUBTFUL_NOTE, MATE_IN, NOT_NOTED, read_notes
from lakehouse.chess.fast.bits import inlined, kernel
from lakehouse.chess.fast.letters import (
    CLOSE_BRACE,
    CLOSE_PARENTHESIS,
    DIGIT_0,
    DIGIT_9,
    DOLLAR,
    DOT,
    FIRST_NON_ASCII,
    NEWLINE,
    OPEN_BRACE,
    OPEN_BRACKET,
    OPEN_PARENTHESIS,
    PERCENT,
    RETURN,
    SEMICOLON,
)
from lakehouse.chess.fast.scanner import (
    is_blank,
    is_word_byte,
    line_stop,
    result_at,
    skip_tags,
    tag_name_length,
)

__all__ = ["END", "STATE_WORDS", "UNSURE", "WORD", "forget_notes", "next_word", "read_word", "start_of_text"]

WORD, END, UNSURE = 0, 1, 2
"""What ``next_word`` came to: a word of the main line, the end, or a form that is for the strategies to read."""
DEPTH, HAS_MOVES, HAS_COMMENT = 0, 1, 2
STATE_WORDS = 3
"""How much a walk remembers: open variations, and whether movetext or a comment has come."""


@kernel
def start_of_text(data: NDArray[np.uint8], at: int, end: int, state: NDArray[np.int64]) -> int:
    """Begin a walk: return where the first line's moves begin, -1 where that is not sure."""
    state[:] = 0
    return _line_start(data, at, end, state)


@kernel
def _line_start(data: NDArray[np.uint8], at: int, end: int, state: NDArray[np.int64]) -> int:
    """Return where the moves of a line begin, behind its tags; -1 where that is not sure."""
    stop = line_stop(data, at, end)
    name, length = tag_name_length(data, at, stop)
    if length > 0:
        then, is_well_made = skip_tags(data, at, stop)
        return then if is_well_made and not state[HAS_COMMENT] else -1
    if at < stop and data[at] == PERCENT:
        return stop
    if name < stop and data[name] == OPEN_BRACKET and not state[HAS_MOVES]:
        return -1
    return at


@inlined
def forget_notes(notes: NDArray[np.int32], move: int) -> None:
    """Give a new move no clock and no evaluation."""
    notes[CLOCK, move] = NOT_NOTED
    notes[CENTIPAWNS, move] = NOT_NOTED
    notes[MATE_IN, move] = NOT_NOTED


@kernel
def next_word(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    state: NDArray[np.int64],
    notes: NDArray[np.int32],
    first: int,
    made: int,
) -> tuple[int, int]:
    """Go on to the next word of the main line; return WORD, END or UNSURE, and the place.

    What a comment notes goes to the last move, ``made - 1``; the game's first move is ``first``.
    """
    while at < end:
        byte = data[at]
        if is_blank(byte):
            at += 1
            if byte == NEWLINE or byte == RETURN:
                at = _line_start(data, at, end, state)
                if at < 0:
                    return UNSURE, end
        elif byte == OPEN_BRACE:
            close = at + 1
            while close < end and data[close] != CLOSE_BRACE:
                close += 1
            if close >= end:
                return UNSURE, at
            is_noted = state[DEPTH] == 0 and made > first
            if is_noted and read_notes(data, at + 1, close, notes, made - 1) == DOUBTFUL_NOTE:
                return UNSURE, at
            at = close + 1
            state[HAS_COMMENT] = 1
        elif byte == SEMICOLON:
            stop = line_stop(data, at, end)
            is_noted = state[DEPTH] == 0 and made > first
            if is_noted and read_notes(data, at, stop, notes, made - 1) != 0:
                return UNSURE, at
            at = stop
            state[HAS_COMMENT] = 1
        elif byte == OPEN_PARENTHESIS:
            state[DEPTH] += 1
            state[HAS_MOVES] = 1
            at += 1
        elif byte == CLOSE_PARENTHESIS:
            state[DEPTH] -= 1
            state[HAS_MOVES] = 1
            at += 1
            if state[DEPTH] < 0:
                return UNSURE, at
        elif byte == DOLLAR:
            state[HAS_MOVES] = 1
            at += 1
            if state[DEPTH] == 0 and (at == end or not DIGIT_0 <= data[at] <= DIGIT_9):
                return UNSURE, at
            while at < end and DIGIT_0 <= data[at] <= DIGIT_9:
                at += 1
        elif byte == CLOSE_BRACE:
            if state[DEPTH] == 0:
                return UNSURE, at
            state[HAS_MOVES] = 1
            at += 1
        else:
            state[HAS_MOVES] = 1
            if state[DEPTH] == 0:
                return WORD, at
            at = _word_end(data, at + 1, end)
    return (UNSURE if state[DEPTH] else END), end


@kernel
def read_word(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Take the word at a place apart: return the result it states (see ``result_at``), the place behind the number
    in front of a move, and the word's end."""
    stop = _word_end(data, at + 1, end)
    result = _ascii_result(data, at, stop)
    if result == 0:
        at = _after_number(data, at, stop)
        if at < stop:
            result = _ascii_result(data, at, stop)
    return result, at, stop


@kernel
def _word_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and is_word_byte(data[at]) and data[at] != DOLLAR:
        at += 1
    return at


@kernel
def _ascii_result(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the result that a word states in ASCII; for other letters the encoding must be known."""
    result = result_at(data, at, end)
    if result == 0:
        return 0
    for place in range(at, end):
        if data[place] >= FIRST_NON_ASCII:
            return 0
    return result


@kernel
def _after_number(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place behind a move number and its dots, if the word begins with one."""
    if data[at] == DIGIT_0:  # 0-0, 0000
        return at
    while at < end and DIGIT_0 <= data[at] <= DIGIT_9:
        at += 1
    while at < end and data[at] == DOT:
        at += 1
    return at
