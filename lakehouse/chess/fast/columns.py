"""Make the columns of a replay from what the kernels found, each when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.chess.fast.annotations import CENTIPAWNS, CLOCK, MATE_IN, NOT_NOTED
from lakehouse.chess.fast.batch import PlayedGames
from lakehouse.chess.fast.endings import ENDING_CODES
from lakehouse.chess.fast.fen_text import write_fens
from lakehouse.chess.fast.game_kernel import FAULTY
from lakehouse.chess.fast.variants.numbers import FAST_VARIANTS
from lakehouse.chess.openings import Opening
from lakehouse.chess.replay_schema import EVALUATION_TYPE, TAG_COLUMNS

__all__ = ["ReplayColumns"]

_RESULTS = ("1-0", "0-1", "1/2-1/2", "*")


class ReplayColumns:
    """The columns of some games."""

    def __init__(
        self,
        played: PlayedGames,
        *,
        tags: Mapping[str, pa.StringArray],
        tag_results: pa.StringArray,
        variants: NDArray[np.int8],
        openings: Sequence[Opening],
        repairs: Mapping[int, Sequence[str]],
        faults: Mapping[int, str],
    ) -> None:
        self._played = played
        self._tags = tags
        self._tag_results = tag_results
        self._variants = variants
        self._openings = openings
        self._texts_of_repairs = repairs
        self._faults = faults
        self._games = len(variants)
        made = np.cumsum(played.moves_out, dtype=np.int64)
        self._offsets = np.concatenate([[0], made]).astype(np.int32)

    def column(self, name: str) -> pa.Array:
        """Return a column of REPLAY_TYPE."""
        if name in TAG_COLUMNS:
            return self._tags[TAG_COLUMNS[name]]
        column: pa.Array = getattr(self, f"_{name}")()
        return column

    def _variant(self) -> pa.Array:
        return _chosen([variant.name for variant in FAST_VARIANTS], self._variants)

    def _result(self) -> pa.Array:
        """Return the movetext's result, else the tag's."""
        written = _chosen(_RESULTS, np.maximum(self._played.results - 1, 0))
        is_silent = self._played.results == 0
        return pc.if_else(pa.array(is_silent), self._tag_results, written) if is_silent.any() else written

    def _plies(self) -> pa.Array:
        return pa.array(self._played.plies)

    def _moves(self) -> pa.Array:
        buffers = [None, pa.py_buffer(self._offsets * 2), pa.py_buffer(self._played.moves)]
        return pa.Array.from_buffers(pa.binary(), self._games, buffers)

    def _position_keys(self) -> pa.Array:
        return pa.ListArray.from_arrays(self._offsets, pa.array(self._played.keys.view(np.int64)))

    def _clocks_ms(self) -> pa.Array:
        return pa.ListArray.from_arrays(self._offsets, self._noted(CLOCK))

    def _evaluations(self) -> pa.Array:
        centipawns, mate_in = self._noted(CENTIPAWNS), self._noted(MATE_IN)
        if centipawns.null_count + mate_in.null_count == 2 * len(centipawns):
            return pa.ListArray.from_arrays(self._offsets, pa.nulls(len(centipawns), EVALUATION_TYPE))
        is_missing = pc.and_(centipawns.is_null(), mate_in.is_null())
        values = pa.StructArray.from_arrays(
            [centipawns, mate_in], fields=EVALUATION_TYPE.fields, mask=is_missing
        )
        return pa.ListArray.from_arrays(self._offsets, values)

    def _noted(self, row: int) -> pa.Array:
        notes = self._played.notes[row]
        validity = pa.py_buffer(np.packbits(notes != NOT_NOTED, bitorder="little"))
        return pa.Array.from_buffers(pa.int32(), len(notes), [validity, pa.py_buffer(notes)])

    def _final_fen(self) -> pa.Array:
        offsets, text = write_fens(self._played.positions, self._variants)
        return pa.Array.from_buffers(
            pa.string(), self._games, [None, pa.py_buffer(offsets), pa.py_buffer(text)]
        )

    def _repetitions(self) -> pa.Array:
        return pa.array(self._played.repetitions)

    def _ending(self) -> pa.Array:
        return _chosen([code and code.value for code in ENDING_CODES], self._played.endings)

    def _winner(self) -> pa.Array:
        return _chosen(["white", "black", None], self._played.winners)

    def _eco(self) -> pa.Array:
        return _chosen([*(opening.eco for opening in self._openings), None], self._played.openings)

    def _opening(self) -> pa.Array:
        return _chosen([*(opening.name for opening in self._openings), None], self._played.openings)

    def _repairs(self) -> pa.Array:
        counts = np.zeros(self._games + 1, dtype=np.int32)
        for game, texts in self._texts_of_repairs.items():
            counts[game + 1] = len(texts)
        values = [text for game in sorted(self._texts_of_repairs) for text in self._texts_of_repairs[game]]
        return pa.ListArray.from_arrays(np.cumsum(counts, dtype=np.int32), pa.array(values, pa.string()))

    def _fault_ply(self) -> pa.Array:
        return pa.array(self._played.plies, mask=self._played.status != FAULTY)

    def _fault(self) -> pa.Array:
        if not self._faults:
            return pa.nulls(self._games, pa.string())
        return pa.array([self._faults.get(game) for game in range(self._games)], pa.string())


def _chosen(names: Sequence[str | None], places: NDArray[Any]) -> pa.StringArray:
    """Return the names at places; -1 is the last one."""
    return pa.array(names, pa.string()).take(pa.array(np.where(places < 0, len(names) - 1, places)))
