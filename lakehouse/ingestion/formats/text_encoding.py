"""Text of a named encoding as clean UTF-8, in blocks of whole lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError

__all__ = ["TextEncoding", "line_blocks", "lines_of"]

_BOM = b"\xef\xbb\xbf"
_LONGEST_LINE = 1 << 28
"""Bytes. What has no line end for longer is no file of lines, and must not fill the memory."""


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """A text encoding, by a name that Python knows."""

    name: str

    def problem(self) -> InvalidFormatError | None:
        """Return why no file can be read by it; None when files can be."""
        try:
            "".encode(self.name)
        except LookupError:
            problem = f"the encoding {self.name!r} names no text encoding"
            return InvalidFormatError(
                problem=problem, fix="use one such as utf-8, utf-16, latin-1 or cp1252."
            )
        return None

    @property
    def is_utf8(self) -> bool:
        """Whether the text is UTF-8, with a byte order mark or without."""
        return codecs.lookup(self.name).name in {"utf-8", "utf-8-sig"}

    def utf8(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text as clean UTF-8. Raises UnreadableFileError where it is not in this encoding, or has NUL."""
        decoder, offset = codecs.getincrementaldecoder(self.name)(), 0
        for chunk in chunks:
            text = self._decoded(decoder, chunk, offset=offset, final=False)
            if "\0" in text:
                at = chunk.find(0)
                where = f"byte {offset + at}" if self.is_utf8 else "a character"
                raise UnreadableFileError(f"{where} is NUL")
            offset += len(chunk)
            yield chunk if self.is_utf8 else text.encode("utf-8")
        self._decoded(decoder, b"", offset=offset, final=True)

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes, *, offset: int, final: bool) -> str:
        try:
            return decoder.decode(chunk, final)
        except UnicodeError as error:
            name = "UTF-8" if self.is_utf8 else self.name
            at = offset + getattr(error, "start", 0)
            reason = getattr(error, "reason", str(error))
            raise UnreadableFileError(f"it is not {name} (about byte {at}: {reason})") from error


def line_blocks(utf8: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines of a text, many in one; a byte order mark before the first is left out.

    Raises UnreadableFileError at a line that is too long to be one.
    """
    parts: list[bytes] = []
    size, is_first = 0, True
    for chunk in utf8:
        if is_first:
            chunk, is_first = chunk.removeprefix(_BOM), False
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*parts, chunk[:end]])
            parts, size = [], 0
        if end < len(chunk):
            parts.append(chunk[end:])
            size += len(chunk) - end
            if size > _LONGEST_LINE:
                raise UnreadableFileError(f"a line of it is longer than {_LONGEST_LINE} bytes")
    if size:
        yield b"".join(parts)


def lines_of(block: bytes) -> Iterator[bytes]:
    """Yield the lines of a block without their ends, LF or CRLF."""
    *whole, rest = block.split(b"\n")
    yield from (line.removesuffix(b"\r") for line in whole)
    if rest:
        yield rest.removesuffix(b"\r")
