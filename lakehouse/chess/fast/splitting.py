"""Cut a PGN file into games, compiled: the same cuts as ``lakehouse.chess.pgn.split_games``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel
from lakehouse.chess.fast.scanner import (
    is_blank,
    is_word_byte,
    line_end,
    result_at,
    skip_tags,
    tag_name_length,
)
from lakehouse.chess.pgn.splitter import BLANK, UTF8_BOM

__all__ = ["game_starts"]


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
    depth = 0
    while at < len(data):
        end = line_end(data, at, len(data))
        name, length = tag_name_length(data, at, end)
        is_event = length > 0 and _is_event(data, name, length)
        begin = at
        if length > 0 and (is_event or not in_brace):
            if has_moves or (is_event and has_event):
                starts, found = _add(starts, found, at)
                has_event = has_moves = has_result = in_brace = False
                depth = 0
            has_event = has_event or is_event
            begin, _ = skip_tags(data, at, end)
        elif not in_brace and (data[at] == 37 or (name < end and data[name] == 91 and not has_moves)):  # % [
            begin = end
        at = begin
        while at < end:
            byte = data[at]
            if in_brace:
                in_brace = byte != 125  # }
                at += 1
                continue
            if is_blank(byte) or byte == 125:
                at += 1
                continue
            if byte == 59:  # ;
                break
            stop = at + 1
            if is_word_byte(byte):
                while stop < end and is_word_byte(data[stop]):
                    stop += 1
            is_first = byte == 49 and stop - at > 1 and data[at + 1] == 46  # 1.
            if byte == 123:  # {
                in_brace = True
                at = stop
                continue
            if byte == 40:
                depth += 1
            elif byte == 41:
                depth = max(0, depth - 1)
            elif has_result and depth == 0 and is_first:
                starts, found = _add(starts, found, at)
                has_event = has_result = False
            elif depth == 0 and result_at(data, at, stop) > 0:
                has_result = True
            has_moves = True
            at = stop
        at = end
    return starts[:found].copy()


@kernel
def _add(starts: NDArray[np.int64], found: int, at: int) -> tuple[NDArray[np.int64], int]:
    if found == len(starts):
        wider = np.empty(2 * found, dtype=np.int64)
        wider[:found] = starts
        starts = wider
    starts[found] = at
    return starts, found + 1
