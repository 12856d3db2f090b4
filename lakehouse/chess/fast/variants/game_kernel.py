"""Play the main lines of many games of variants straight from their bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel
from lakehouse.chess.fast.game_kernel import (
    DOUBTFUL,
    FAULTY,
    PLAYED,
    STOPPED,
    count_repetitions,
)
from lakehouse.chess.fast.movetext import (
    END,
    STATE_WORDS,
    WORD,
    forget_notes,
    next_word,
    read_word,
    start_of_text,
)
from lakehouse.chess.fast.resolving import UNREAD
from lakehouse.chess.fast.rulings import FAULT, NO_RULING, PASS_OVER, ruling_on
from lakehouse.chess.fast.variants.goals import variant_ending
from lakehouse.chess.fast.variants.making import make_variant_move
from lakehouse.chess.fast.variants.resolving import read_variant_move

__all__ = ["play_variant_games"]


@kernel
def _play_game(
    data: NDArray[np.uint8],
    at: int,
    end: int,
    variant: int,
    rows: NDArray[np.uint64],
    out: int,
    moves: NDArray[np.uint16],
    keys: NDArray[np.uint64],
    notes: NDArray[np.int32],
    state: NDArray[np.int64],
    ruled_places: NDArray[np.int64],
    ruled_moves: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Play one game from row 0; leave the last position there. Return plies, result and status."""
    first = out
    result = 0
    at = start_of_text(data, at, end, state)
    if at < 0:
        return 0, result, DOUBTFUL
    while True:
        found, at = next_word(data, at, end, state, notes, first, out)
        if found != WORD:
            return out - first, result, PLAYED if found == END else DOUBTFUL
        begin = at
        stated, word, at = read_word(data, at, end)
        if stated > 0:
            result = stated if result == 0 else result
            continue
        if word == at:
            continue
        if result > 0:
            return out - first, result, DOUBTFUL
        move = read_variant_move(data, word, at, rows, variant)
        if move == UNREAD:
            ruling = ruling_on(ruled_places, ruled_moves, begin)
            if ruling == PASS_OVER:
                continue
            if ruling == FAULT or ruling == NO_RULING:
                stop[0], stop[1] = begin, at
                return out - first, result, FAULTY if ruling == FAULT else STOPPED
            move = np.uint64(ruling)
        make_variant_move(rows, variant, move)
        moves[out], keys[out] = move, rows[0, 11]
        forget_notes(notes, out)
        out += 1


@kernel
def play_variant_games(
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
    """Play game after game as ``play_games`` does, each by its variant's rules; no opening is looked for."""
    rows = np.zeros((1, positions.shape[1]), dtype=np.uint64)
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
            variants[game],
            rows,
            out,
            moves,
            keys,
            notes,
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
        endings[game], winners[game] = variant_ending(rows, variants[game], repetitions[game])
        out += count
    return out
