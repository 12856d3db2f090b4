"""Read PGN of any size in pieces: memory holds one block and the game that goes over its end."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import BinaryIO

from lakehouse.chess.pgn.splitter import UTF8_BOM, RawGame, split_games

__all__ = ["BLOCK_BYTES", "detect_stream_encoding", "stream_games"]

BLOCK_BYTES = 8 << 20

Splitter = Callable[[bytes], list[int]]


def _plain_starts(data: bytes) -> list[int]:
    return [game.offset for game in split_games(data)]


def detect_stream_encoding(stream: BinaryIO, *, block_bytes: int = BLOCK_BYTES) -> str:
    """Return the encoding of a whole file, as ``detect_encoding`` does."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = stream.read(max(block_bytes, len(UTF8_BOM)))
    encoding = "utf-8-sig" if block.startswith(UTF8_BOM) else "utf-8"
    try:
        while block:
            decoder.decode(block)
            block = stream.read(block_bytes)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return encoding if encoding == "utf-8-sig" else "latin-1"
    return encoding


def stream_games(
    stream: BinaryIO, *, block_bytes: int = BLOCK_BYTES, starts_of: Splitter = _plain_starts
) -> Iterator[list[RawGame]]:
    """Yield the games of a file in lists, in order: the same games as ``split_games`` of all of it.

    A game is given out when the next one has begun, for only then is its end known.
    """
    rest, offset, index = b"", 0, 0
    while block := stream.read(block_bytes):
        data = rest + block
        starts = starts_of(data)
        if len(starts) < 2:
            rest = data
            continue
        yield _games(data, starts, offset=offset, index=index)
        index += len(starts) - 1
        offset += starts[-1]
        rest = data[starts[-1] :]
    if starts := starts_of(rest):
        yield _games(rest, [*starts, len(rest)], offset=offset, index=index)


def _games(data: bytes, bounds: list[int], *, offset: int, index: int) -> list[RawGame]:
    pairs = enumerate(pairwise(bounds))
    return [RawGame(index=index + n, offset=offset + a, raw=data[a:b]) for n, (a, b) in pairs]
