"""Cut a PGN file into games, compiled: the same cuts as ``lakehouse.chess.pgn.split_games``."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel
from lakehouse.chess.fast.letters import (
    CLOSE_BRACE,
    CLOSE_PARENTHESIS,
    DIGIT_1,
    DOT,
    NEWLINE,
    OPEN_BRACE,
    OPEN_BRACKET,
    OPEN_PARENTHESIS,
    PERCENT,
    RETURN,
    SEMICOLON,
)
from lakehouse.chess.fast.scanner import (
    byte_table,
    is_blank,
    is_word_byte,
    line_stop,
    pair_value,
    result_at,
    tag_name_length,
)
from lakehouse.chess.pgn.splitter import content_start, file_bounds

__all__ = ["game_starts"]

_MARKS = byte_table(b"\r\n{};()*-/:\xbd\xe2\x96\x97")
"""What matters in movetext: ends of lines, signs, and the bytes one of which is in every result."""
_LINE_MARKS = byte_table(b" \t[%")
"""How a line begins that may not be movetext."""
_EVENT = np.frombuffer(b"Event", dtype=np.uint8).copy()


def game_starts(data: bytes) -> NDArray[np.int64]:
    """Return where each game of a file begins; an empty array for a file of nothing but blanks."""
    parts = [
        _starts(np.frombuffer(data, dtype=np.uint8), start, content_start(data, start), end)
        for start, end in pairwise(file_bounds(data))
    ]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


@kernel
def _is_event(data: NDArray[np.uint8], start: int, length: int) -> bool:
    if length != len(_EVENT):
        return False
    for place in range(len(_EVENT)):  # noqa: SIM110 - kernels know no generators
        if data[start + place] != _EVENT[place]:
            return False
    return True


@kernel
def _has_tag(data: NDArray[np.uint8], tags: NDArray[np.int64], count: int, start: int, length: int) -> bool:
    """Say whether the game has a tag of the name at ``start``; ``tags`` holds start and length of each."""
    for tag in range(count):
        if tags[tag, 1] != length:
            continue
        place = 0
        while place < length and data[tags[tag, 0] + place] == data[start + place]:
            place += 1
        if place == length:
            return True
    return False


@kernel
def _take_tags(
    data: NDArray[np.uint8], at: int, stop: int, tags: NDArray[np.int64], count: int
) -> tuple[int, NDArray[np.int64], int]:
    """Note the tags of a line. Return where its pairs end, or ``stop`` if one is broken; and the tags."""
    name, length = tag_name_length(data, at, stop)
    while length > 0:
        if count == len(tags):
            wider = np.empty((2 * count, 2), dtype=np.int64)
            wider[:count] = tags
            tags = wider
        tags[count, 0], tags[count, 1] = name, length
        count += 1
        _, _, at = pair_value(data, name + length, stop)
        if at < 0:
            return stop, tags, count
        name, length = tag_name_length(data, at, stop)
    if at < stop and data[at] == OPEN_BRACKET:
        return stop, tags, count
    return at, tags, count


@kernel
def _starts(data: NDArray[np.uint8], start: int, at: int, end: int) -> NDArray[np.int64]:
    """Return the starts of the games of one file, which lies from ``start`` to ``end`` and has its text at ``at``."""
    starts = np.empty(1024, dtype=np.int64)
    starts[0] = start
    found = 1
    tags = np.empty((64, 2), dtype=np.int64)
    tag_count = 0
    is_interrupted = has_moves = has_result = in_brace = False
    is_line_start = True
    depth = 0
    while at < end:
        if is_line_start and not _LINE_MARKS[data[at]]:
            is_interrupted = tag_count > 0
        elif is_line_start:
            stop = line_stop(data, at, end)
            name, length = tag_name_length(data, at, stop)
            is_event = length > 0 and _is_event(data, name, length)
            if length > 0 and (is_event or not in_brace):
                is_known = (is_interrupted or is_event) and _has_tag(data, tags, tag_count, name, length)
                if has_moves or is_known:
                    starts, found = _add(starts, found, at)
                    is_interrupted = has_moves = has_result = in_brace = False
                    tag_count = depth = 0
                at, tags, tag_count = _take_tags(data, at, stop, tags, tag_count)
            else:
                is_interrupted = tag_count > 0
                is_broken_tag = name < stop and data[name] == OPEN_BRACKET and not has_moves
                if not in_brace and at < stop and (data[at] == PERCENT or is_broken_tag):
                    at = stop
        is_line_start = False
        if in_brace:
            at = _brace_stop(data, at, end)
        elif has_moves and not has_result:
            at = _next_mark(data, at, end)
        if at >= end:
            break
        byte = data[at]
        if byte == NEWLINE or byte == RETURN:
            is_line_start = True
            at += 2 if byte == RETURN and at + 1 < end and data[at + 1] == NEWLINE else 1
        elif in_brace:
            in_brace = False
            at += 1
        elif byte == SEMICOLON:
            at = line_stop(data, at, end)
        elif is_blank(byte) or byte == CLOSE_BRACE:
            at += 1
        elif byte == OPEN_BRACE:
            in_brace = True
            at += 1
        elif byte == OPEN_PARENTHESIS or byte == CLOSE_PARENTHESIS:
            depth = depth + 1 if byte == OPEN_PARENTHESIS else max(0, depth - 1)
            has_moves = True
            at += 1
        else:
            begin, stop = _word_around(data, at, end, has_moves and not has_result)
            is_first = byte == DIGIT_1 and stop - at > 1 and data[at + 1] == DOT
            if has_result and depth == 0 and is_first:
                starts, found = _add(starts, found, at)
                is_interrupted = has_result = False
                tag_count = 0
            elif depth == 0 and result_at(data, begin, stop) > 0:
                has_result = True
            has_moves = True
            at = stop
    return starts[:found].copy()


@kernel
def _brace_stop(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place of the brace that closes a comment, or of the line's end before it."""
    while at < end and data[at] != CLOSE_BRACE and data[at] != NEWLINE and data[at] != RETURN:
        at += 1
    return at


@kernel
def _next_mark(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and not _MARKS[data[at]]:
        at += 1
    return at


@kernel
def _word_around(data: NDArray[np.uint8], at: int, end: int, is_inside: bool) -> tuple[int, int]:
    """Return start and end of the word that begins at a place, or has it inside."""
    begin = at
    while is_inside and begin > 0 and is_word_byte(data[begin - 1]):
        begin -= 1
    at += 1
    while at < end and is_word_byte(data[at]):
        at += 1
    return begin, at


@kernel
def _add(starts: NDArray[np.int64], found: int, at: int) -> tuple[NDArray[np.int64], int]:
    if found == len(starts):
        wider = np.empty(2 * found, dtype=np.int64)
        wider[:found] = starts
        starts = wider
    starts[found] = at
    return starts, found + 1
