"""Whether a CSV file can be read without guessing: looked at whole, byte by byte, before Spark sees it."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from lakehouse.errors import closest_name
from lakehouse.ingestion.formats.digesting import DigestingStream
from lakehouse.ingestion.formats.interface import Accepted, Inspection, Rejected

__all__ = ["inspect_csv"]

_CHUNK_BYTES = 1 << 20
_OTHER_DELIMITERS = {";": "';'", "\t": "a tab", "|": "'|'"}


class _UnreadableFileError(Exception):
    """Carries the reason up to where the digest is known."""


class _Content:
    """Checks decompressed bytes as they pass: UTF-8, NUL, line breaks within quotes."""

    def __init__(self) -> None:
        self.head = bytearray()
        self.multiline = False
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._inside_quotes = False
        self._offset = 0

    def take(self, chunk: bytes) -> None:
        if len(self.head) < _CHUNK_BYTES:
            self.head += chunk
        if (at := chunk.find(0)) >= 0:
            raise _UnreadableFileError(f"byte {self._offset + at} is NUL")
        self._decode(chunk, final=False)
        for number, segment in enumerate(chunk.split(b'"')):
            if number:
                self._inside_quotes = not self._inside_quotes
            self.multiline = self.multiline or (self._inside_quotes and b"\n" in segment)
        self._offset += len(chunk)

    def finish(self) -> None:
        self._decode(b"", final=True)

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            at = self._offset + error.start
            raise _UnreadableFileError(f"it is not UTF-8 (about byte {at}: {error.reason})") from error


def inspect_csv(source: BinaryIO, *, columns: Sequence[str], compressed: bool, delimiter: str) -> Inspection:
    """Read ``source`` to its end and say whether it holds at least ``columns``, by name, in clean UTF-8.

    Facts: ``header``, its names in order; ``multiline``, whether a quoted field holds a line break, so that the
    file can't be split by lines. The digest is BLAKE2b of the bytes as they lie in the landing zone.
    """
    raw = DigestingStream(source)
    try:
        content = _read_through(raw, compressed=compressed)
        header = _header(bytes(content.head), delimiter)
        _check_header(header, columns, delimiter)
    except _UnreadableFileError as error:
        return Rejected(reason=str(error), digest=raw.digest_of_all())
    facts = {"header": list(header), "multiline": content.multiline}
    return Accepted(facts=facts, digest=raw.digest_of_all())


def _read_through(raw: DigestingStream, *, compressed: bool) -> _Content:
    content = _Content()
    stream: io.RawIOBase | gzip.GzipFile = gzip.GzipFile(fileobj=raw, mode="rb") if compressed else raw
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            content.take(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _UnreadableFileError(f"its gzip stream is broken ({error})") from error
    content.finish()
    if not content.head:
        raise _UnreadableFileError("it is empty")
    return content


def _header(head: bytes, delimiter: str) -> tuple[str, ...]:
    text = head.decode("utf-8", errors="ignore").removeprefix("\ufeff")
    try:
        return tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []))
    except csv.Error as error:
        raise _UnreadableFileError(f"its header can't be read ({error})") from error


def _check_header(header: tuple[str, ...], columns: Sequence[str], delimiter: str) -> None:
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise _UnreadableFileError(f"its header names {_listed(repeated)} more than once")
    missing = [name for name in columns if name not in header]
    if not missing:
        return
    if len(header) == 1 and (other := [d for d in _OTHER_DELIMITERS if d != delimiter and d in header[0]]):
        raise _UnreadableFileError(
            f"its delimiter seems to be {_OTHER_DELIMITERS[other[0]]}, expected {delimiter!r}"
        )
    raise _UnreadableFileError(_missing_message(missing, [name for name in header if name not in columns]))


def _missing_message(missing: Sequence[str], unclaimed: Sequence[str]) -> str:
    hints = [
        f"{close!r} is there instead of {name!r}"
        for name in missing
        if (close := closest_name(name, unclaimed)) is not None
    ]
    hint = f" ({', '.join(hints)}?)" if hints else ""
    return f"its header lacks {_listed(missing)}{hint}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
