"""Find tag values in many games at once, and copy them out as Arrow strings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import kernel, leading_bytes
from lakehouse.chess.fast.letters import (
    BACKSLASH,
    FIRST_NON_ASCII,
    MARK_0,
    MARK_1,
    MARK_2,
    NEWLINE,
    OPEN_BRACKET,
    PERCENT,
    QUOTE,
    RETURN,
)
from lakehouse.chess.fast.scanner import is_blank, line_stop, pair_value, tag_name_length

__all__ = ["find_tags", "tag_strings"]

BROKEN = -1


def find_tags(
    data: NDArray[np.uint8], bounds: NDArray[np.int64], names: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Return start and end of each wanted tag's value by game, 0 and -1 where it is missing; the number of tags
    of each game, -1 where one is broken; and where its first line begins that holds more than tags."""
    letters = np.frombuffer(b"".join(name.encode().ljust(16, b"\0") for name in names), dtype=np.uint64)
    lengths = np.array([len(name) for name in names], dtype=np.int64)
    spans = np.zeros((len(bounds) - 1, len(names), 2), dtype=np.int64)
    spans[:, :, 1] = -1
    counts = np.zeros(len(bounds) - 1, dtype=np.int32)
    begins = bounds[:-1].copy()
    _find(data, bounds, letters.reshape(-1, 2), lengths, spans, counts, begins)
    return spans, counts, begins


def tag_strings(
    data: NDArray[np.uint8], spans: NDArray[np.int64], is_latin: NDArray[np.bool_]
) -> pa.StringArray:
    """Return one tag of every game as strings; null where it is missing. Latin-1 becomes UTF-8."""
    offsets = np.zeros(len(spans) + 1, dtype=np.int32)
    room = int((spans[:, 1] - spans[:, 0] + 1).sum()) * 2
    out = np.empty(max(1, room), dtype=np.uint8)
    end = _copy(data, spans, is_latin, offsets, out)
    missing = spans[:, 1] < 0
    validity = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(out[:end])]
    return pa.Array.from_buffers(pa.string(), len(spans), buffers)


@kernel
def _find(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    letters: NDArray[np.uint64],
    lengths: NDArray[np.int64],
    spans: NDArray[np.int64],
    counts: NDArray[np.int32],
    begins: NDArray[np.int64],
) -> None:
    for game in range(len(bounds) - 1):
        at, end = bounds[game], bounds[game + 1]
        at = _content_start(data, at, end)
        while at < end:
            begins[game] = at
            name, length = tag_name_length(data, at, end)
            if length == 0:
                stop = line_stop(data, at, end)
                if data[at] != PERCENT and not _is_blank_line(data, at, stop):
                    if name < stop and data[name] == OPEN_BRACKET:
                        counts[game] = BROKEN
                    break
                at = stop + 1
                continue
            while length > 0:
                start, value_end, at = pair_value(data, name + length, end)
                if at < 0:
                    break
                counts[game] += 1
                _keep(data, name, length, letters, lengths, spans[game], start, value_end)
                name, length = tag_name_length(data, at, end)
            if at < 0 or (at < end and data[at] == OPEN_BRACKET):
                counts[game] = BROKEN
                break
            if (
                at < end
                and data[at] != NEWLINE
                and data[at] != RETURN
                and not _is_blank_line(data, at, line_stop(data, at, end))
            ):
                break
            at = line_stop(data, at, end) + 1


@kernel
def _content_start(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Return where the game's text begins: behind byte order marks, and the blanks in front of these."""
    start = at
    while at < end:
        if is_blank(data[at]):
            at += 1
        elif at + 2 < end and data[at] == MARK_0 and data[at + 1] == MARK_1 and data[at + 2] == MARK_2:
            at += 3
            start = at
        else:
            return start
    return start


@kernel
def _is_blank_line(data: NDArray[np.uint8], at: int, stop: int) -> bool:
    while at < stop:
        if not is_blank(data[at]):
            return False
        at += 1
    return True


@kernel
def _keep(
    data: NDArray[np.uint8],
    name: int,
    length: int,
    letters: NDArray[np.uint64],
    lengths: NDArray[np.int64],
    spans: NDArray[np.int64],
    start: int,
    end: int,
) -> None:
    """Note the value if its name is wanted and was not seen before: the first one counts."""
    if length > 16:
        return
    head, tail = leading_bytes(data, name, length), leading_bytes(data, name + 8, length - 8)
    for wanted in range(len(lengths)):
        if letters[wanted, 0] == head and lengths[wanted] == length and letters[wanted, 1] == tail:
            if spans[wanted, 1] < 0:
                spans[wanted, 0], spans[wanted, 1] = start, end
            return


@kernel
def _copy(
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    is_latin: NDArray[np.bool_],
    offsets: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> int:
    n = 0
    for game in range(len(spans)):
        at, end = spans[game, 0], spans[game, 1]
        while at < end:
            byte = data[at]
            if byte == BACKSLASH and at + 1 < end and (data[at + 1] == QUOTE or data[at + 1] == BACKSLASH):
                at += 1
                byte = data[at]
            if byte >= FIRST_NON_ASCII and is_latin[game]:
                out[n], out[n + 1] = 0xC0 | (byte >> 6), 0x80 | (byte & 0x3F)
                n += 2
            else:
                out[n] = byte
                n += 1
            at += 1
        offsets[game + 1] = n
    return n
