"""Replay games from Arrow to Arrow: by the fast core where it can, by the strategies where it can't."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import pyarrow as pa

from lakehouse.chess.arrow_rows import gathered
from lakehouse.chess.fast_core import fast_replay_or_none, fast_splitter_or_none, require
from lakehouse.chess.pgn.splitter import split_games
from lakehouse.chess.replay import replay_game
from lakehouse.chess.replay_schema import REPLAY_TYPE, replay_row, replay_type

__all__ = ["Core", "replay_arrow", "split_arrow", "starts_of"]


class Core(Enum):
    """Which implementation of the rules does the work."""

    AUTO = "auto"
    """The fast core if numba is installed."""
    FAST = "fast"
    PLAIN = "plain"
    """The strategies alone."""


def replay_arrow(
    games: pa.Array,
    encodings: pa.Array | None = None,
    *,
    core: Core = Core.AUTO,
    columns: Sequence[str] | None = None,
    strict: bool = False,
) -> pa.StructArray:
    """Return the replay of each game (``REPLAY_TYPE``, or some of its columns); a null is a game of no bytes.

    ``games`` are bytes or strings. ``encodings`` says ``latin-1`` where a game is in it; without them, a game
    that is not UTF-8 is taken for latin-1. A column that is not asked for is not made. What is not written by the
    rules is repaired and listed in ``repairs``; ``strict`` makes it the game's fault.

    Raises UnknownReplayColumnError.
    """
    raw = games.cast(pa.binary()).fill_null(b"")
    is_latin = _is_latin(raw, encodings)
    wanted = REPLAY_TYPE if columns is None else replay_type(columns)
    fast = None if core is Core.PLAIN else fast_replay_or_none()
    if core is Core.FAST:
        fast = require(fast)
    if fast is None:
        return _replay_plain(raw, is_latin, wanted, strict=strict)
    replays, doubtful = fast(raw, is_latin, wanted, strict=strict)
    if not doubtful:
        return replays
    texts = raw.take(pa.array(doubtful))
    judged = _replay_plain(texts, [is_latin[game] for game in doubtful], wanted, strict=strict)
    places = list(range(len(replays)))
    for number, game in enumerate(doubtful):
        places[game] = len(replays) + number
    return gathered([replays, judged], places)


def split_arrow(data: bytes, *, core: Core = Core.AUTO) -> tuple[pa.BinaryArray, list[int]]:
    """Return the games of a file as bytes without a copy, and the offset of each in the file."""
    starts = starts_of(data, core=core)
    bounds = pa.array([*starts, len(data)] if starts else [0], pa.int32())
    buffers = [None, bounds.buffers()[1], pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(starts), buffers), starts


def starts_of(data: bytes, *, core: Core = Core.AUTO) -> list[int]:
    """Return where each game of a file begins."""
    fast = None if core is Core.PLAIN else fast_splitter_or_none()
    if core is Core.FAST:
        fast = require(fast)
    if fast is None:
        return [game.offset for game in split_games(data)]
    starts: list[int] = fast(data).tolist()
    return starts


def _is_latin(raw: pa.BinaryArray, encodings: pa.Array | None) -> list[bool]:
    if encodings is not None:
        return [name == "latin-1" for name in encodings.to_pylist()]
    try:
        raw.cast(pa.string())
    except pa.ArrowInvalid:
        return [not _is_utf8(game) for game in raw.to_pylist()]
    return [False] * len(raw)


def _is_utf8(game: bytes) -> bool:
    try:
        game.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _replay_plain(
    raw: pa.BinaryArray, is_latin: list[bool], wanted: pa.StructType, *, strict: bool
) -> pa.StructArray:
    rows = [
        replay_row(replay_game(game, encoding="latin-1" if latin else "utf-8", strict=strict))
        for game, latin in zip(raw.to_pylist(), is_latin, strict=True)
    ]
    return pa.array([{name: row[name] for name in wanted.names} for row in rows], wanted)
