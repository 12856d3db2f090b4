"""From an Arrow array of games to an Arrow array of replays, without a Python object a game."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.chess.errors import ChessError
from lakehouse.chess.fast.batch import PlayedGames, play_batch, write_fens
from lakehouse.chess.fast.endings import ENDING_CODES
from lakehouse.chess.fast.game_kernel import DOUBTFUL
from lakehouse.chess.fast.openings import OpeningHash
from lakehouse.chess.fast.state import CLOCKS, row_of_board
from lakehouse.chess.fast.tags import find_tags, tag_strings
from lakehouse.chess.openings import opening_table
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.replay_schema import REPLAY_TYPE, TAG_COLUMNS
from lakehouse.chess.termination import Termination
from lakehouse.chess.variants import CHESS960, STANDARD

__all__ = ["replay_fast"]

_SETUP = ("FEN", "Variant", "Result")
_TAGS = (*_SETUP, *TAG_COLUMNS.values())
_RESULTS = ("1-0", "0-1", "1/2-1/2", "*")
_START = row_of_board(STANDARD.start_board())


@lru_cache(maxsize=1)
def _opening_hash() -> OpeningHash:
    return OpeningHash(opening_table())


@lru_cache(maxsize=4096)
def _start(variant: str, fen: str) -> tuple[str, NDArray[np.uint64]] | None:
    """Return the variant's name and its first row; None where the kernels can't play."""
    try:
        game, board = start_of({"Variant": variant, "FEN": fen})
    except ChessError:
        return None
    return (game.name, row_of_board(board)) if game in (STANDARD, CHESS960) else None


def replay_fast(games: pa.BinaryArray, is_latin: list[bool]) -> tuple[pa.StructArray, list[int]]:
    """Return the replays, and which of them are doubtful: those hold nothing, and are for the strategies."""
    latin = np.array(is_latin, dtype=np.bool_)
    data, bounds = _buffers(games)
    spans, counts = find_tags(data, bounds, _TAGS)
    tags = {name: tag_strings(data, spans[:, place], latin) for place, name in enumerate(_TAGS)}
    variants, positions, status = _starts(tags, counts)
    played = play_batch(data, bounds, positions=positions, status=status, openings=_opening_hash())
    is_empty = (counts == 0) & (played.plies == 0) & (played.results == 0)
    doubtful = np.flatnonzero((played.status == DOUBTFUL) | is_empty)
    return _struct(played, tags, variants), doubtful.tolist()


def _buffers(games: pa.BinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    _, offsets, data = games.buffers()
    first = games.offset
    bounds = np.frombuffer(offsets, dtype=np.int32)[first : first + len(games) + 1].astype(np.int64)
    if data is None or data.size == 0:
        return np.zeros(1, dtype=np.uint8), bounds
    return np.frombuffer(data, dtype=np.uint8), bounds


def _starts(
    tags: dict[str, pa.StringArray], counts: NDArray[np.int32]
) -> tuple[list[str], NDArray[np.uint64], NDArray[np.int8]]:
    """Return each game's variant, first position and status."""
    games = len(counts)
    positions = np.tile(_START, (games, 1))
    status = np.where(counts < 0, DOUBTFUL, 0).astype(np.int8)
    variants = [STANDARD.name] * games
    is_special = np.asarray(tags["FEN"].is_valid()) | np.asarray(tags["Variant"].is_valid())
    for game in np.flatnonzero(is_special):
        start = _start(tags["Variant"][game].as_py() or "", tags["FEN"][game].as_py() or "")
        if start is None:
            status[game] = DOUBTFUL
        else:
            variants[game], positions[game] = start
    return variants, positions, status


def _struct(played: PlayedGames, tags: dict[str, pa.StringArray], variants: list[str]) -> pa.StructArray:
    games = len(variants)
    offsets = np.concatenate([[0], np.cumsum(played.plies, dtype=np.int64)]).astype(np.int32)
    move_buffers = [None, pa.py_buffer(offsets * 2), pa.py_buffer(played.moves)]
    fen_offsets, fen_bytes = write_fens(played.positions)
    fen_buffers = [None, pa.py_buffer(fen_offsets), pa.py_buffer(fen_bytes)]
    clocks = pa.array(played.clocks_ms, mask=played.clocks_ms < 0)
    openings = _opening_hash().openings
    columns = {
        **{column: tags[tag] for column, tag in TAG_COLUMNS.items()},
        "variant": pa.array(variants, pa.string()),
        "result": _results(played, tags["Result"]),
        "plies": pa.array(played.plies),
        "moves": pa.Array.from_buffers(pa.binary(), games, move_buffers),
        "position_keys": pa.ListArray.from_arrays(offsets, pa.array(played.keys.view(np.int64))),
        "clocks_ms": pa.ListArray.from_arrays(offsets, clocks),
        "final_fen": pa.Array.from_buffers(pa.string(), games, fen_buffers),
        "repetitions": pa.array(played.repetitions),
        "ending": _chosen([e and e.value for e in ENDING_CODES], played.endings, played.endings == 0),
        "winner": _winners(played),
        "eco": _chosen([opening.eco for opening in openings], played.openings, played.openings < 0),
        "opening": _chosen([opening.name for opening in openings], played.openings, played.openings < 0),
        "fault_ply": pa.nulls(games, pa.int32()),
        "fault": pa.nulls(games, pa.string()),
    }
    return pa.StructArray.from_arrays(
        [columns[field.name] for field in REPLAY_TYPE], fields=list(REPLAY_TYPE)
    )


def _chosen(
    names: list[str | None], indices: NDArray[np.generic], is_null: NDArray[np.bool_]
) -> pa.StringArray:
    return pa.array(names, pa.string()).take(pa.array(np.where(is_null, 0, indices), mask=is_null))


def _results(played: PlayedGames, tag: pa.StringArray) -> pa.StringArray:
    """Return the movetext's result, else the tag's, else ``*``."""
    written = pa.array(_RESULTS).take(pa.array(np.maximum(played.results - 1, 0)))
    silent = np.flatnonzero(played.results == 0)
    if len(silent) == 0:
        return written
    chosen = written.to_pylist()
    for game in silent:
        value = (tag[game].as_py() or "*").strip()
        chosen[game] = value if value in _RESULTS else "*"
    return pa.array(chosen, pa.string())


def _winners(played: PlayedGames) -> pa.StringArray:
    is_mate = played.endings == ENDING_CODES.index(Termination.CHECKMATE)
    to_move = (played.positions[:, CLOCKS] & np.uint64(1)).astype(np.int8)
    return _chosen(["black", "white"], to_move, ~is_mate)
