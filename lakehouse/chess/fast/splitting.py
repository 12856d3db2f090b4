"""Cut a PGN file into games, compiled: the same cuts as ``lakehouse.chess.pgn.split_games``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel
from lakehouse.chess.fast.scanner import (
    byte_table,
    is_blank,
    is_word_byte,
    line_stop,
    result_at,
    skip_tags,
    tag_name_length,
)
from lakehouse.chess.pgn.splitter import BLANK, UTF8_BOM

__all__ = ["game_starts"]

_MARKS = byte_table(b"\r\n{};()*-")
"""What matters in movetext: ends of lines, signs, and the one byte that every result has."""
_LINE_MARKS = byte_table(b" \t[%")
"""How a line begins that may not be movetext."""


def game_starts(data: bytes) -> NDArray[np.int64]:
    """Return where each game of a file begins; none for a file of nothing but blanks."""
    skipped = len(UTF8_BOM) if data.startswith(UTF8_BOM) else 0
    if not data[skipped:].strip(BLANK):
        return np.zeros(0, dtype=np.int64)
    return _starts(np.frombuffer(data, dtype=np.uint8), skipped)


@kernel
def _is_event(data: NDArray[np.uint8], start: int, length: int) -> bool:
    if length != 5:
        return False
    for place, byte in enumerate((69, 118, 101, 110, 116)):  # noqa: SIM110 - kernels know no generators
        if data[start + place] != byte:
            return False
    return True


@kernel
def _starts(data: NDArray[np.uint8], at: int) -> NDArray[np.int64]:
    starts = np.empty(1024, dtype=np.int64)
    starts[0] = 0
    found = 1
    has_event = has_moves = has_result = in_brace = False
    is_line_start = True
    depth = 0
    while at < len(data):
        if is_line_start and _LINE_MARKS[data[at]]:
            stop = line_stop(data, at, len(data))
            name, length = tag_name_length(data, at, stop)
            is_event = length > 0 and _is_event(data, name, length)
            if length > 0 and (is_event or not in_brace):
                if has_moves or (is_event and has_event):
                    starts, found = _add(starts, found, at)
                    has_event = has_moves = has_result = in_brace = False
                    depth = 0
                has_event = has_event or is_event
                at, _ = skip_tags(data, at, stop)
            elif not in_brace and (
                data[at] == 37 or (name < stop and data[name] == 91 and not has_moves)
            ):  # % [
                at = stop
        is_line_start = False
        if in_brace:
            at = _brace_stop(data, at)
        elif has_moves and not has_result:
            at = _next_mark(data, at)
        if at >= len(data):
            break
        byte = data[at]
        if byte == 10 or byte == 13:
            is_line_start = True
            at += 1
        elif in_brace:
            in_brace = False
            at += 1
        elif byte == 59:  # ;
            at = line_stop(data, at, len(data))
        elif is_blank(byte) or byte == 125:  # }
            at += 1
        elif byte == 123:  # {
            in_brace = True
            at += 1
        elif byte == 40 or byte == 41:  # ( )
            depth = depth + 1 if byte == 40 else max(0, depth - 1)
            has_moves = True
            at += 1
        else:
            begin, stop = _word_around(data, at, has_moves and not has_result)
            is_first = byte == 49 and stop - at > 1 and data[at + 1] == 46  # 1.
            if has_result and depth == 0 and is_first:
                starts, found = _add(starts, found, at)
                has_event = has_result = False
            elif depth == 0 and result_at(data, begin, stop) > 0:
                has_result = True
            has_moves = True
            at = stop
    return starts[:found].copy()


@kernel
def _brace_stop(data: NDArray[np.uint8], at: int) -> int:
    """Return the place of the brace that closes a comment, or of the line's end before it."""
    while at < len(data) and data[at] != 125 and data[at] != 10 and data[at] != 13:
        at += 1
    return at


@kernel
def _next_mark(data: NDArray[np.uint8], at: int) -> int:
    while at < len(data) and not _MARKS[data[at]]:
        at += 1
    return at


@kernel
def _word_around(data: NDArray[np.uint8], at: int, is_inside: bool) -> tuple[int, int]:
    """Return start and end of the word that begins at a place, or has it inside."""
    begin = at
    while is_inside and begin > 0 and is_word_byte(data[begin - 1]):
        begin -= 1
    at += 1
    while at < len(data) and is_word_byte(data[at]):
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
