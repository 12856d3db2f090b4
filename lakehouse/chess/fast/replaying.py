"""From an Arrow array of games to an Arrow array of replays, without a Python object a game."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

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
from lakehouse.chess.openings import OpeningTable, opening_table
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.replay_schema import TAG_COLUMNS
from lakehouse.chess.termination import Termination
from lakehouse.chess.variants import CHESS960, STANDARD

__all__ = ["replay_fast"]

_SETUP = ("FEN", "Variant", "Result")
_RESULTS = ("1-0", "0-1", "1/2-1/2", "*")
_VARIANTS = (STANDARD, CHESS960)
_START = row_of_board(STANDARD.start_board())
_NO_OPENINGS = OpeningHash(OpeningTable({}))


@lru_cache(maxsize=1)
def _opening_hash() -> OpeningHash:
    return OpeningHash(opening_table())


@lru_cache(maxsize=4096)
def _start(variant: str, fen: str) -> tuple[int, NDArray[np.uint64]] | None:
    """Return the variant's place in _VARIANTS and its first row; None where the kernels can't play."""
    try:
        game, board = start_of({"Variant": variant, "FEN": fen})
    except ChessError:
        return None
    return (_VARIANTS.index(game), row_of_board(board)) if game in _VARIANTS else None


def replay_fast(
    games: pa.BinaryArray, is_latin: list[bool], wanted: pa.StructType
) -> tuple[pa.StructArray, list[int]]:
    """Return the wanted columns of the replays, and which games are doubtful: their rows hold nothing, and are for
    the strategies."""
    latin = np.array(is_latin, dtype=np.bool_)
    data, bounds = _buffers(games)
    names = dict.fromkeys((*_SETUP, *(TAG_COLUMNS[name] for name in wanted.names if name in TAG_COLUMNS)))
    spans, counts, begins = find_tags(data, bounds, tuple(names))
    tags = {name: tag_strings(data, spans[:, place], latin) for place, name in enumerate(names)}
    variants, positions, status = _starts(tags, counts)
    openings = _opening_hash() if {"eco", "opening"}.intersection(wanted.names) else _NO_OPENINGS
    played = play_batch(data, bounds, begins, positions=positions, status=status, openings=openings)
    is_empty = (counts == 0) & (played.plies == 0) & (played.results == 0)
    doubtful = np.flatnonzero((played.status == DOUBTFUL) | is_empty)
    made = _Columns(played, tags, variants)
    arrays = [made.column(name) for name in wanted.names]
    return pa.StructArray.from_arrays(arrays, fields=wanted.fields), doubtful.tolist()


def _buffers(games: pa.BinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    _, offsets, data = games.buffers()
    first = games.offset
    bounds = np.frombuffer(offsets, dtype=np.int32)[first : first + len(games) + 1].astype(np.int64)
    if data is None or data.size == 0:
        return np.zeros(1, dtype=np.uint8), bounds
    return np.frombuffer(data, dtype=np.uint8), bounds


def _starts(
    tags: dict[str, pa.StringArray], counts: NDArray[np.int32]
) -> tuple[NDArray[np.int8], NDArray[np.uint64], NDArray[np.int8]]:
    """Return each game's variant, by its place in _VARIANTS, its first position and its status."""
    games = len(counts)
    positions = np.tile(_START, (games, 1))
    status = np.where(counts < 0, DOUBTFUL, 0).astype(np.int8)
    variants = np.zeros(games, dtype=np.int8)
    is_special = np.asarray(tags["FEN"].is_valid()) | np.asarray(tags["Variant"].is_valid())
    for game in np.flatnonzero(is_special):
        start = _start(tags["Variant"][game].as_py() or "", tags["FEN"][game].as_py() or "")
        if start is None:
            status[game] = DOUBTFUL
        else:
            variants[game], positions[game] = start
    return variants, positions, status


class _Columns:
    """Makes the columns of a replay, each when it is asked for."""

    def __init__(
        self, played: PlayedGames, tags: dict[str, pa.StringArray], variants: NDArray[np.int8]
    ) -> None:
        self._played = played
        self._tags = tags
        self._variants = variants
        self._games = len(variants)
        self._offsets = np.concatenate([[0], np.cumsum(played.plies, dtype=np.int64)]).astype(np.int32)

    def column(self, name: str) -> pa.Array:
        """Return a column of REPLAY_TYPE."""
        if name in TAG_COLUMNS:
            return self._tags[TAG_COLUMNS[name]]
        column: pa.Array = getattr(self, f"_{name}")()
        return column

    def _variant(self) -> pa.Array:
        return _chosen([variant.name for variant in _VARIANTS], self._variants)

    def _result(self) -> pa.Array:
        """Return the movetext's result, else the tag's, else ``*``."""
        written = _chosen(_RESULTS, np.maximum(self._played.results - 1, 0))
        silent = np.flatnonzero(self._played.results == 0)
        if len(silent) == 0:
            return written
        chosen = written.to_pylist()
        for game in silent:
            value = (self._tags["Result"][game].as_py() or "*").strip()
            chosen[game] = value if value in _RESULTS else "*"
        return pa.array(chosen, pa.string())

    def _plies(self) -> pa.Array:
        return pa.array(self._played.plies)

    def _moves(self) -> pa.Array:
        buffers = [None, pa.py_buffer(self._offsets * 2), pa.py_buffer(self._played.moves)]
        return pa.Array.from_buffers(pa.binary(), self._games, buffers)

    def _position_keys(self) -> pa.Array:
        return pa.ListArray.from_arrays(self._offsets, pa.array(self._played.keys.view(np.int64)))

    def _clocks_ms(self) -> pa.Array:
        clocks = self._played.clocks_ms
        validity = pa.py_buffer(np.packbits(clocks >= 0, bitorder="little"))
        values = pa.Array.from_buffers(pa.int32(), len(clocks), [validity, pa.py_buffer(clocks)])
        return pa.ListArray.from_arrays(self._offsets, values)

    def _final_fen(self) -> pa.Array:
        offsets, text = write_fens(self._played.positions)
        return pa.Array.from_buffers(
            pa.string(), self._games, [None, pa.py_buffer(offsets), pa.py_buffer(text)]
        )

    def _repetitions(self) -> pa.Array:
        return pa.array(self._played.repetitions)

    def _ending(self) -> pa.Array:
        return _chosen([code and code.value for code in ENDING_CODES], self._played.endings)

    def _winner(self) -> pa.Array:
        is_mate = self._played.endings == ENDING_CODES.index(Termination.CHECKMATE)
        to_move = (self._played.positions[:, CLOCKS] & np.uint64(1)).astype(np.int8)
        return _chosen(["black", "white", None], np.where(is_mate, to_move, 2))

    def _eco(self) -> pa.Array:
        return _chosen([*(opening.eco for opening in _opening_hash().openings), None], self._played.openings)

    def _opening(self) -> pa.Array:
        return _chosen([*(opening.name for opening in _opening_hash().openings), None], self._played.openings)

    def _fault_ply(self) -> pa.Array:
        return pa.nulls(self._games, pa.int32())

    def _fault(self) -> pa.Array:
        return pa.nulls(self._games, pa.string())


def _chosen(names: Sequence[str | None], places: NDArray[Any]) -> pa.StringArray:
    """Return the names at places; -1 is the last one."""
    return pa.array(names, pa.string()).take(pa.array(np.where(places < 0, len(names) - 1, places)))
