"""Play the main lines of many games straight from their bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import Word, kernel
from lakehouse.chess.fast.endings import ending_code
from lakehouse.chess.fast.making import make
from lakehouse.chess.fast.openings import find_opening
from lakehouse.chess.fast.san import UNREAD, read_move
from lakehouse.chess.fast.scanner import (
    is_blank,
    is_word_byte,
    line_end,
    read_clock,
    result_at,
    skip_tags,
    tag_name_length,
)

__all__ = ["DOUBTFUL", "PLAYED", "play_games"]

PLAYED, DOUBTFUL = 0, 1
"""A game's status: played to its end, or to be looked at by the strategies."""

_HALFMOVE, _HALFMOVE_MASK = np.uint64(8), np.uint64(0xFFFFFF)


@kernel
def _comment_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and data[at] != 125:
        at += 1
    return at


@kernel
def _after_number(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place behind a move number and its dots, if the word begins with one."""
    start = at
    while at < end and 48 <= data[at] <= 57:
        at += 1
    if at > start and data[start] == 48 and at < end and data[at] == 45:
        return start
    while at < end and data[at] == 46:
        at += 1
    return at


@kernel
def _play_game(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    rows: NDArray[np.uint64],
    out: int,
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    clocks: NDArray[np.int32],
    room: NDArray[np.uint16],
) -> tuple[int, int, int]:
    """Play one game from row 0; leave the last position there. Return plies, result and status."""
    first = out
    depth = 0
    has_moves = has_comment = False
    if end - at >= 3 and data[at] == 0xEF and data[at + 1] == 0xBB and data[at + 2] == 0xBF:
        at += 3
    is_line_start = True
    stop = end
    while at < end:
        if is_line_start:
            stop = line_end(data, at, end)
            is_line_start = False
            name, length = tag_name_length(data, at, stop)
            if length > 0 and has_comment:
                return out - first, 0, DOUBTFUL
            if length > 0:
                at, _ = skip_tags(data, at, stop)
            elif data[at] == 37 or (name < stop and data[name] == 91 and not has_moves):  # % [
                at = stop
        if at >= stop:
            is_line_start = True
            continue
        byte = data[at]
        if byte == 123:  # {
            close = _comment_end(data, at + 1, end)
            if close >= end:
                return out - first, 0, DOUBTFUL
            if depth == 0 and out > first:
                clock = read_clock(data, at + 1, close)
                if clock == -2:
                    return out - first, 0, DOUBTFUL
                if clock >= 0:
                    clocks[out - 1] = clock
            at = close + 1
            if at > stop:
                stop = line_end(data, at, end) if at < end else end
            has_comment = True
        elif byte == 59:  # ;
            if depth == 0 and out > first and read_clock(data, at, stop) != -1:
                return out - first, 0, DOUBTFUL
            at = stop
            has_comment = True
        elif byte == 40 or byte == 41:
            depth = depth + 1 if byte == 40 else max(0, depth - 1)
            at += 1
            has_moves = True
        elif is_blank(byte) or byte == 125:
            has_moves = has_moves or byte == 125
            at += 1
        elif byte == 36:  # $
            at += 1
            while at < stop and 48 <= data[at] <= 57:
                at += 1
            has_moves = True
        else:
            word_end = at + 1
            while word_end < stop and is_word_byte(data[word_end]) and data[word_end] != 36:
                word_end += 1
            word, at, has_moves = at, word_end, True
            if depth > 0:
                continue
            result = result_at(data, word, word_end)
            if result == 0:
                word = _after_number(data, word, word_end)
                if word == word_end:
                    continue
                result = result_at(data, word, word_end)
            if result > 0:
                return out - first, result, PLAYED
            move = read_move(data, word, word_end, rows, 0, room)
            if move == UNREAD:
                return out - first, 0, DOUBTFUL
            make(rows, 0, move)
            rows[0] = rows[1]
            moves[out], keys[out], clocks[out] = move, rows[0, 11], -1
            out += 1
    return out - first, 0, PLAYED


@kernel
def _count_repetitions(keys: NDArray[np.uint64], first: int, last: int, start: Word) -> int:
    """Return how often the last position of the game stood on the board, its start included."""
    if last == first:
        return 1
    count = 1 if start == keys[last - 1] else 0
    for place in range(first, last):
        if keys[place] == keys[last - 1]:
            count += 1
    return count


@kernel
def play_games(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    positions: NDArray[np.uint64],
    status: NDArray[np.int8],
    plies: NDArray[np.int32],
    results: NDArray[np.int8],
    endings: NDArray[np.int8],
    repetitions: NDArray[np.int32],
    openings: NDArray[np.int32],
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    clocks: NDArray[np.int32],
    opening_keys: NDArray[np.uint64],
    opening_indices: NDArray[np.int32],
    opening_plies: int,
) -> int:
    """Play game after game from its row in ``positions``, which then holds its last position.

    Games whose status is not PLAYED on entry are passed over; a doubtful one leaves no moves. Returns how
    many moves were written.
    """
    rows = np.zeros((2, 12), dtype=np.uint64)
    room = np.zeros(256, dtype=np.uint16)
    out = 0
    for game in range(len(bounds) - 1):
        plies[game] = 0
        openings[game] = -1
        if status[game] != PLAYED:
            continue
        rows[0] = positions[game]
        start_key = rows[0, 11]
        count, result, outcome = _play_game(
            data, bounds[game], bounds[game + 1], rows, out, moves, keys, clocks, room
        )
        status[game] = outcome
        if outcome != PLAYED:
            continue
        plies[game], results[game] = count, result
        repetitions[game] = _count_repetitions(keys, out, out + count, start_key)
        endings[game] = ending_code(rows, 0, repetitions[game])
        for place in range(min(count, opening_plies) - 1, -1, -1):
            openings[game] = find_opening(opening_keys, opening_indices, keys[out + place])
            if openings[game] >= 0:
                break
        positions[game] = rows[0]
        out += count
    return out
