"""Replay games from Arrow to Arrow: by the fast core where it can, by the strategies where it can't."""

from __future__ import annotations

from enum import Enum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.chess.fast_core import fast_replay_or_none, fast_splitter_or_none, require
from lakehouse.chess.pgn.splitter import split_games
from lakehouse.chess.replay import replay_game
from lakehouse.chess.replay_schema import REPLAY_TYPE, replay_row

__all__ = ["Core", "replay_arrow", "split_arrow"]


class Core(Enum):
    """Which implementation of the rules does the work."""

    AUTO = "auto"
    """The fast core if numba is installed."""
    FAST = "fast"
    PLAIN = "plain"
    """The strategies alone."""


def replay_arrow(
    games: pa.Array, encodings: pa.Array | None = None, *, core: Core = Core.AUTO
) -> pa.StructArray:
    """Return the replay of each game (``REPLAY_TYPE``); a null is a game of no bytes.

    ``games`` are bytes or strings. ``encodings`` says ``latin-1`` where a game is in it; without them, a game
    that is no UTF-8 is taken for latin-1.
    """
    raw = games.cast(pa.binary()).fill_null(b"")
    is_latin = _is_latin(raw, encodings)
    fast = None if core is Core.PLAIN else fast_replay_or_none()
    if core is Core.FAST:
        fast = require(fast)
    if fast is None:
        return _replay_plain(raw, is_latin)
    replays, is_doubtful = fast(raw, is_latin)
    doubtful = np.flatnonzero(is_doubtful)
    if len(doubtful) == 0:
        return replays
    judged = _replay_plain(raw.take(pa.array(doubtful)), is_latin[doubtful])
    order = np.arange(len(raw))
    order[doubtful] = len(raw) + np.arange(len(doubtful))
    return pa.concat_arrays([replays, judged]).take(pa.array(order))


def split_arrow(data: bytes, *, core: Core = Core.AUTO) -> tuple[pa.BinaryArray, NDArray[np.int64]]:
    """Return the games of a file as bytes without a copy, and the offset of each in the file."""
    fast = None if core is Core.PLAIN else fast_splitter_or_none()
    if fast is None:
        starts = np.array([game.offset for game in split_games(data)], dtype=np.int64)
    else:
        starts = fast(data)
    bounds = np.append(starts, len(data)) if len(starts) else np.zeros(1, dtype=np.int64)
    buffers = [None, pa.py_buffer(bounds.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(starts), buffers), starts


def _is_latin(raw: pa.BinaryArray, encodings: pa.Array | None) -> NDArray[np.bool_]:
    if encodings is not None:
        return np.array([name == "latin-1" for name in encodings.to_pylist()], dtype=np.bool_)
    try:
        raw.cast(pa.string())
    except pa.ArrowInvalid:
        return np.array([not _is_utf8(game) for game in raw.to_pylist()], dtype=np.bool_)
    return np.zeros(len(raw), dtype=np.bool_)


def _is_utf8(game: bytes) -> bool:
    try:
        game.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _replay_plain(raw: pa.BinaryArray, is_latin: NDArray[np.bool_]) -> pa.StructArray:
    rows = [
        replay_row(replay_game(game, encoding="latin-1" if latin else "utf-8"))
        for game, latin in zip(raw.to_pylist(), is_latin, strict=True)
    ]
    return pa.array(rows, REPLAY_TYPE)
