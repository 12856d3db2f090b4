"""How the text of a CSV file becomes rows: exactly as Python's ``csv`` module reads it in strict mode (RFC 4180)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.storage import buffered_stream

__all__ = ["CsvDialect", "CsvRow"]

_LONGEST_FIELD = 1 << 28
"""Characters. A quote that is never closed makes one field of all that follows: it must not fill the memory."""
_STAND_IN = "\ufdd0"
"""Stands for a delimiter of several characters while ``csv`` reads; a character that no text may hold."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row, and the text that it was read from, without its line end."""

    fields: list[str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """What differs between CSV files. Quotes are ``"``, doubled within quotes; lines end in LF, CRLF or CR."""

    delimiter: str = ","
    """One or more characters."""
    encoding: str = "utf-8"
    """A name that Python knows."""

    def problem(self) -> InvalidFormatError | None:
        """Return why no file can be read by it; None when files can be."""
        delimiter, fix = self.delimiter, "write the character itself, such as ',' or a real tab."
        if not delimiter:
            return InvalidFormatError(problem="the delimiter is empty", fix=fix)
        if set(delimiter) & set('"\r\n\0'):
            problem = f"the delimiter {delimiter!r} holds a quote, a line end or NUL"
            return InvalidFormatError(problem=problem, fix=fix)
        if len(delimiter) == 2 and delimiter.startswith("\\") and delimiter[1].isalnum():
            problem = f"the delimiter {delimiter!r} is a backslash and a letter"
            return InvalidFormatError(problem=problem, fix='write a real tab: "\\t" in double quotes.')
        try:
            "".encode(self.encoding)
        except LookupError:
            problem = f"the encoding {self.encoding!r} names no text encoding"
            return InvalidFormatError(
                problem=problem, fix="use one such as utf-8, utf-16, latin-1 or cp1252."
            )
        return None

    @property
    def is_utf8(self) -> bool:
        """Whether the text is UTF-8, with a byte order mark or without."""
        return codecs.lookup(self.encoding).name in {"utf-8", "utf-8-sig"}

    def utf8(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text as clean UTF-8. Raises UnreadableFileError where it is not in this encoding, or has NUL."""
        decoder, offset = codecs.getincrementaldecoder(self.encoding)(), 0
        for chunk in chunks:
            text = self._decoded(decoder, chunk, offset=offset, final=False)
            if "\0" in text:
                at = chunk.find(0)
                where = f"byte {offset + at}" if self.is_utf8 else "a character"
                raise UnreadableFileError(f"{where} is NUL")
            offset += len(chunk)
            yield chunk if self.is_utf8 else text.encode("utf-8")
        self._decoded(decoder, b"", offset=offset, final=True)

    def rows(self, utf8: Iterable[bytes], *, first_line: int = 1) -> Iterator[CsvRow]:
        """Yield the rows of a text in UTF-8; an empty line is none. A byte order mark may begin the first line.

        Raises UnreadableFileError, with the line, where the text breaks the rules and has to be guessed at.
        """
        lines = _RememberedLines(_lines(buffered_stream(utf8), may_have_mark=first_line == 1))
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        one = len(self.delimiter) == 1
        given = lines if one else (self._with_stand_in(line) for line in lines)
        reader = csv.reader(given, delimiter=self.delimiter if one else _STAND_IN, strict=True)
        while True:
            begins_at = first_line + reader.line_num
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableFileError(
                    _reason(error, begins_at, first_line + reader.line_num - 1)
                ) from error
            text = lines.forget()
            if fields:
                yield CsvRow(fields if one else self._without_stand_in(fields), text)

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes, *, offset: int, final: bool) -> str:
        try:
            return decoder.decode(chunk, final)
        except UnicodeError as error:
            name = "UTF-8" if self.is_utf8 else self.encoding
            at = offset + getattr(error, "start", 0)
            reason = getattr(error, "reason", str(error))
            raise UnreadableFileError(f"it is not {name} (about byte {at}: {reason})") from error

    def _with_stand_in(self, line: str) -> str:
        if _STAND_IN in line:
            raise UnreadableFileError("it holds the character U+FDD0, which no text may hold")
        return line.replace(self.delimiter, _STAND_IN)

    def _without_stand_in(self, fields: list[str]) -> list[str]:
        return [field.replace(_STAND_IN, self.delimiter) for field in fields]


class _RememberedLines:
    """Passes lines through, and keeps those of the row that is being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._kept: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._kept.append(line)
        return line

    def forget(self) -> str:
        """Return the lines that were kept as one text, and keep others from now on."""
        text = "".join(self._kept)
        self._kept.clear()
        return text.removesuffix("\n").removesuffix("\r")


def _lines(utf8: BinaryIO, *, may_have_mark: bool) -> Iterator[str]:
    text = io.TextIOWrapper(utf8, encoding="utf-8-sig" if may_have_mark else "utf-8", newline="")
    yield from text


def _reason(error: csv.Error, begins_at: int, line: int) -> str:
    if "unexpected end of data" in str(error):
        return f"a quoted field of the row that begins in line {begins_at} is never closed"
    return f"line {line} can't be read without guessing ({error})"
