"""From which position, and by whose rules, the games of a batch begin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakehouse.chess.errors import ChessError
from lakehouse.chess.fast.game_kernel import DOUBTFUL, PLAYED, WAITING
from lakehouse.chess.fast.state import WORDS, row_of_board
from lakehouse.chess.fast.variants.numbers import FAST_VARIANTS, FIRST_OTHER
from lakehouse.chess.pgn.repairs import RepairLog
from lakehouse.chess.pgn.results import DOUBLE_FORFEIT, result_of_tag
from lakehouse.chess.pgn.setup import start_of
from lakehouse.chess.variants import STANDARD

__all__ = ["GameStarts", "find_starts", "known_results", "may_be_both_lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GameStarts:
    """The starts of a batch of games."""

    variants: NDArray[np.int8]
    """By the place in FAST_VARIANTS."""
    positions: NDArray[np.uint64]
    status: NDArray[np.int8]
    repairs: dict[int, tuple[str, ...]]
    """By game: what was repaired of its FEN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    variant: int
    row: NDArray[np.uint64]
    repairs: tuple[str, ...]


@lru_cache(maxsize=4096)
def _start(variant: str, fen: str) -> _Start | None:
    """Return a start; None where the kernels can't play."""
    repairs = RepairLog(strict=False)
    try:
        game, board = start_of({"Variant": variant, "FEN": fen}, repairs)
        if game not in FAST_VARIANTS:
            return None
        return _Start(variant=FAST_VARIANTS.index(game), row=row_of_board(board), repairs=repairs.texts())
    except (ChessError, OverflowError):
        return None


_STANDARD_ROW = row_of_board(STANDARD.start_board())


def find_starts(tags: dict[str, pa.StringArray], counts: NDArray[np.int32], *, strict: bool) -> GameStarts:
    """Return where the games begin, by their tags; ``counts`` is -1 where a game's tags are broken."""
    games = len(counts)
    positions = np.empty((games, WORDS), dtype=np.uint64)
    positions[:] = _STANDARD_ROW
    status = np.where(counts < 0, DOUBTFUL, PLAYED).astype(np.int8)
    variants = np.zeros(games, dtype=np.int8)
    repairs: dict[int, tuple[str, ...]] = {}
    is_special = np.asarray(tags["FEN"].is_valid()) | np.asarray(tags["Variant"].is_valid())
    for game in np.flatnonzero(is_special):
        start = _start(tags["Variant"][game].as_py() or "", tags["FEN"][game].as_py() or "")
        if start is None or (strict and start.repairs):
            status[game] = DOUBTFUL
            continue
        variants[game], positions[game] = start.variant, start.row
        if start.variant >= FIRST_OTHER and status[game] == PLAYED:
            status[game] = WAITING
        if start.repairs:
            repairs[int(game)] = start.repairs
    return GameStarts(variants=variants, positions=positions, status=status, repairs=repairs)


def known_results(tag: pa.StringArray) -> pa.StringArray:
    """Return the results that the games' ``Result`` tags state; ``*`` where one states nothing that is known."""
    names = tag.dictionary_encode()
    known = pa.array([result_of_tag(name or "") for name in names.dictionary.to_pylist()] + ["*"])
    return known.take(names.indices.fill_null(len(known) - 1))


def may_be_both_lost(results: pa.StringArray) -> NDArray[np.bool_]:
    """Say by game whether its tag says that both lost: then ``0-0`` as the last word is not castling."""
    return np.asarray(pc.equal(results, DOUBLE_FORFEIT))
