"""Play the main lines of many games straight from their bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ZERO, Word, bit, kernel
from lakehouse.chess.fast.endings import ending_code
from lakehouse.chess.fast.lenient import read_lenient
from lakehouse.chess.fast.making import kind_at
from lakehouse.chess.fast.openings import find_opening
from lakehouse.chess.fast.resolving import UNREAD
from lakehouse.chess.fast.san import KIND_PLACE
from lakehouse.chess.fast.scanner import (
    is_blank,
    is_word_byte,
    line_stop,
    read_clock,
    result_at,
    skip_tags,
    tag_name_length,
)
from lakehouse.chess.fast.usual_moves import PACKED, SQUARE, make_read, may_be_usual, play_usual

__all__ = ["DOUBTFUL", "PLAYED", "play_games"]

PLAYED, DOUBTFUL = 0, 1
"""A game's status: played to its end, or to be looked at by the strategies."""


@kernel
def _comment_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and data[at] != 125:
        at += 1
    return at


@kernel
def _after_number(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the place behind a move number and its dots, if the word begins with one."""
    if data[at] == 48:  # 0-0, 0000
        return at
    while at < end and 48 <= data[at] <= 57:
        at += 1
    while at < end and data[at] == 46:
        at += 1
    return at


@kernel
def _word_end(data: NDArray[np.uint8], at: int, end: int) -> int:
    while at < end and is_word_byte(data[at]) and data[at] != 36:
        at += 1
    return at


@kernel
def _line_start(data: NDArray[np.uint8], at: int, end: int, has_moves: bool, has_comment: bool) -> int:
    """Return where the moves of a line begin, behind its tags; -1 where that is doubtful."""
    stop = line_stop(data, at, end)
    name, length = tag_name_length(data, at, stop)
    if length > 0:
        return -1 if has_comment else skip_tags(data, at, stop)[0]
    if at < stop and (data[at] == 37 or (name < stop and data[name] == 91 and not has_moves)):  # % [
        return stop
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
    at = _line_start(data, at, end, has_moves, has_comment)
    while 0 <= at < end:
        byte = data[at]
        if depth == 0 and may_be_usual(byte):
            at, then = play_usual(data, at, end, rows, out, moves, keys, clocks)
            if then > out:
                out, has_moves = then, True
                continue
        if is_blank(byte):
            at += 1
            if byte == 10 or byte == 13:
                at = _line_start(data, at, end, has_moves, has_comment)
        elif byte == 123:  # {
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
            has_comment = True
        elif byte == 59:  # ;
            stop = line_stop(data, at, end)
            if depth == 0 and out > first and read_clock(data, at, stop) != -1:
                return out - first, 0, DOUBTFUL
            at = stop
            has_comment = True
        elif byte == 40 or byte == 41:  # ( )
            depth = depth + 1 if byte == 40 else max(0, depth - 1)
            has_moves = True
            at += 1
        elif byte == 125:  # }
            has_moves = True
            at += 1
        elif byte == 36:  # $
            has_moves = True
            at += 1
            while at < end and 48 <= data[at] <= 57:
                at += 1
        else:
            word, at, has_moves = at, _word_end(data, at + 1, end), True
            if depth > 0:
                continue
            result = result_at(data, word, at)
            if result == 0:
                word = _after_number(data, word, at)
                if word == at:
                    continue
                result = result_at(data, word, at)
            if result > 0:
                return out - first, result, PLAYED
            move = read_lenient(data, word, at, rows, ZERO, room)
            if move == UNREAD:
                return out - first, 0, DOUBTFUL
            make_read(rows, move | kind_at(rows, ZERO, bit(move & SQUARE)) << KIND_PLACE)
            moves[out], keys[out], clocks[out] = move & PACKED, rows[0, 11], -1
            out += 1
    return out - first, 0, DOUBTFUL if at < 0 else PLAYED


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
    begins: NDArray[np.int64],
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
    rows = np.zeros((1, 12), dtype=np.uint64)
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
            data, begins[game], bounds[game + 1], rows, out, moves, keys, clocks, room
        )
        status[game] = outcome
        if outcome != PLAYED:
            continue
        plies[game], results[game] = count, result
        repetitions[game] = _count_repetitions(keys, out, out + count, start_key)
        endings[game] = ending_code(rows, ZERO, repetitions[game])
        for place in range(min(count, opening_plies) - 1, -1, -1):
            openings[game] = find_opening(opening_keys, opening_indices, keys[out + place])
            if openings[game] >= 0:
                break
        positions[game] = rows[0]
        out += count
    return out
