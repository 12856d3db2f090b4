"""Play the main lines of many games straight from their bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ONE, ZERO, Word, bit, kernel
from lakehouse.chess.fast.endings import MATED, ending_code
from lakehouse.chess.fast.lenient import read_lenient
from lakehouse.chess.fast.making import kind_at
from lakehouse.chess.fast.movetext import (
    END,
    STATE_WORDS,
    WORD,
    forget_notes,
    next_word,
    read_word,
    start_of_text,
)
from lakehouse.chess.fast.openings import find_opening
from lakehouse.chess.fast.resolving import UNREAD
from lakehouse.chess.fast.rulings import FAULT, NO_RULING, PASS_OVER, ruling_on
from lakehouse.chess.fast.san import KIND_PLACE
from lakehouse.chess.fast.usual_moves import PACKED, SQUARE, make_read, may_be_usual, play_usual

__all__ = ["DOUBTFUL", "FAULTY", "PLAYED", "STOPPED", "WAITING", "count_repetitions", "play_games"]

PLAYED, DOUBTFUL, STOPPED, FAULTY, WAITING = range(5)
"""A game's status: played to its end; for the strategies to read; stopped at a word that they must rule on; ended by
a word that they ruled a fault; not played yet, for its rules are not these."""


@kernel
def _play_game(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    rows: NDArray[np.uint64],
    out: int,
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    notes: NDArray[np.int32],
    room: NDArray[np.uint16],
    state: NDArray[np.int64],
    ruled_places: NDArray[np.int64],
    ruled_moves: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Play one game from row 0; leave the last position there. Return plies, result and status.

    ``stop`` takes start and end of the word that the game stopped at.
    """
    first = out
    result = 0
    at = start_of_text(data, at, end, state)
    if at < 0:
        return 0, result, DOUBTFUL
    while True:
        found, at = next_word(data, at, end, state, notes, first, out)
        if found != WORD:
            return out - first, result, PLAYED if found == END else DOUBTFUL
        if result == 0 and may_be_usual(data[at]):
            at, then = play_usual(data, at, end, rows, out, moves, keys, notes)
            if then > out:
                out = then
                continue
        begin = at
        stated, word, at = read_word(data, at, end)
        if stated > 0:
            result = stated if result == 0 else result
            continue
        if word == at:
            continue
        if result > 0:
            return out - first, result, DOUBTFUL
        move = read_lenient(data, word, at, rows, ZERO, room)
        if move == UNREAD:
            ruling = ruling_on(ruled_places, ruled_moves, begin)
            if ruling == PASS_OVER:
                continue
            if ruling == FAULT or ruling == NO_RULING:
                stop[0], stop[1] = begin, at
                return out - first, result, FAULTY if ruling == FAULT else STOPPED
            move = np.uint64(ruling)
        make_read(rows, move | kind_at(rows, ZERO, bit(move & SQUARE)) << KIND_PLACE)
        moves[out], keys[out] = move & PACKED, rows[0, 11]
        forget_notes(notes, out)
        out += 1


@kernel
def count_repetitions(keys: NDArray[np.uint64], first: int, last: int, start: Word) -> int:
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
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    variants: NDArray[np.int8],
    positions: NDArray[np.uint64],
    status: NDArray[np.int8],
    plies: NDArray[np.int32],
    results: NDArray[np.int8],
    endings: NDArray[np.int8],
    winners: NDArray[np.int8],
    repetitions: NDArray[np.int32],
    openings: NDArray[np.int32],
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    notes: NDArray[np.int32],
    stops: NDArray[np.int64],
    ruled_places: NDArray[np.int64],
    ruled_moves: NDArray[np.int64],
    opening_keys: NDArray[np.uint64],
    opening_indices: NDArray[np.int32],
    opening_plies: int,
) -> int:
    """Play game after game from its row in ``positions``, which then holds its last position.

    Games whose status is not PLAYED on entry are passed over; one that is doubtful or stopped leaves no moves.
    Returns how many moves were written. ``variants`` doesn't matter: the rules of standard chess and Chess960 differ
    in their starts only.
    """
    rows = np.zeros((1, positions.shape[1]), dtype=np.uint64)
    room = np.zeros(256, dtype=np.uint16)
    state = np.zeros(STATE_WORDS, dtype=np.int64)
    out = 0
    for game in range(len(begins)):
        plies[game] = 0
        openings[game] = -1
        if status[game] != PLAYED:
            continue
        rows[0] = positions[game]
        start_key = rows[0, 11]
        count, result, outcome = _play_game(
            data,
            begins[game],
            ends[game],
            rows,
            out,
            moves,
            keys,
            notes,
            room,
            state,
            ruled_places,
            ruled_moves,
            stops[game],
        )
        status[game] = outcome
        if outcome == DOUBTFUL:
            continue
        plies[game], results[game] = count, result
        positions[game] = rows[0]
        if outcome == STOPPED:
            continue
        repetitions[game] = count_repetitions(keys, out, out + count, start_key)
        endings[game] = ending_code(rows, ZERO, repetitions[game])
        if endings[game] == MATED:
            winners[game] = ONE - (rows[0, 10] & ONE)
        for place in range(min(count, opening_plies) - 1, -1, -1):
            openings[game] = find_opening(opening_keys, opening_indices, keys[out + place])
            if openings[game] >= 0:
                break
        out += count
    return out
