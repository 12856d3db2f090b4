"""Whether Spark's own CSV reader, which is fast and splits files, gives the same rows as ``csv`` in strict mode.

A text is plain when each of its lines is one row, by rules so narrow that two readers can't differ on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from lakehouse.ingestion.errors import UnreadableFileError

__all__ = ["PLAIN_DELIMITERS", "is_plain", "is_plain_name", "whole_lines"]

PLAIN_DELIMITERS = frozenset(",;|\t")
_LONGEST_PLAIN_LINE = 20_000
"""Bytes. Spark's reader gives up at 20,480 columns, which a longer line may have."""
_LONGEST_LINE = 1 << 29
_BLANK = b"[\\x01-\\x09\\x0b\\x0c\\x0e-\\x20]"
_LOOKS_BLANK = re.compile(rb"\n" + _BLANK + rb"[\x01-\x09\x0b-\x20]*(?=\n|\Z)")
"""Spark leaves out a line of nothing but blanks and delimiters that are blanks; to RFC 4180 it is a row."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9/][\w/. @=+,~()-]*", re.ASCII)
_PLAIN_SUFFIX = re.compile(r"[^.]+|.+\.(csv|tsv|psv|txt|tab|dat)(\.gz)?", re.IGNORECASE)


def is_plain_name(path: str) -> bool:
    """Say whether Hadoop opens a file of this path under this very name, and takes it for CSV or gzip."""
    scheme, colon, rest = path.partition("://")
    place = rest if colon and scheme.isalnum() else path
    name = place.rpartition("/")[2]
    return (
        _PLAIN_NAME.fullmatch(place) is not None
        and _PLAIN_SUFFIX.fullmatch(name) is not None
        and not name.startswith(("_", "."))
    )


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes in blocks that end where a line ends, the last one aside."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*parts, chunk[:end]])
            parts, size = [], 0
        parts.append(chunk[end:])
        size += len(chunk) - end
        if size > _LONGEST_LINE:
            raise UnreadableFileError(f"a line of it is longer than {_LONGEST_LINE} bytes")
    if size:
        yield b"".join(parts)


def is_plain(block: bytes, delimiter: str) -> bool:
    """Say whether whole lines, in UTF-8 and without a byte order mark, are plain."""
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        return False
    if _has_long_line(block) or _LOOKS_BLANK.search(b"\n" + block):
        return False
    if b'"' not in block:
        return True
    row = _quoted_row(delimiter.encode())
    return all(row.fullmatch(line) for line in _lines_with_quotes(block))


def _has_long_line(block: bytes) -> bool:
    start = 0
    while len(block) - start > _LONGEST_PLAIN_LINE:
        end = block.rfind(b"\n", start, start + _LONGEST_PLAIN_LINE)
        if end < 0:
            return True
        start = end + 1
    return False


def _lines_with_quotes(block: bytes) -> Iterator[bytes]:
    start = 0
    while (quote := block.find(b'"', start)) >= 0:
        begin = block.rfind(b"\n", 0, quote) + 1
        end = block.find(b"\n", quote)
        start = len(block) if end < 0 else end
        yield block[begin:start]


@cache
def _quoted_row(delimiter: bytes) -> re.Pattern[bytes]:
    """One row of RFC 4180 in one line: a field is quoted whole, or holds no quote."""
    other, mark = re.escape(delimiter), rb'"'
    quoted = rb"%b(?:[^%b]++|%b%b)*+%b" % (mark, mark, mark, mark, mark)
    field = rb"(?:%b|[^%b%b]*+)" % (quoted, mark, other)
    return re.compile(rb"%b(?:%b%b)*+\r?" % (field, other, field))
