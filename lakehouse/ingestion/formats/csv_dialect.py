"""How the text of a CSV file becomes rows: exactly as Python's ``csv`` module reads it in strict mode (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.text_encoding import TextEncoding
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
    """What differs between CSV files. A quote within quotes is doubled; lines end in LF, CRLF or CR."""

    delimiter: str = ","
    """One or more characters."""
    encoding: str = "utf-8"
    """A name that Python knows."""

    quote: str = '"'
    """One character; empty where no field is quoted."""
    escape: str = ""
    """A character that takes what follows it as it is; empty: there is none."""
    comment: str = ""
    """What lines begin with that are left out; empty: none are."""
    header: tuple[str, ...] = ()
    """The names of the fields, for files without a header; empty: the first row has them."""
    nulls: tuple[str, ...] = ()
    """Words that stand for NULL, beside a field that is empty."""

    def problem(self) -> InvalidFormatError | None:
        """Return why no file can be read by it; None when files can be."""
        delimiter, fix = self.delimiter, "write the character itself, such as ',' or a real tab."
        if not delimiter:
            return InvalidFormatError(problem="the delimiter is empty", fix=fix)
        if set(delimiter) & {*self.quote, *self.escape, *"\r\n\0"}:
            problem = f"the delimiter {delimiter!r} holds a quote, a line end or NUL"
            return InvalidFormatError(problem=problem, fix=fix)
        if len(delimiter) == 2 and delimiter.startswith("\\") and delimiter[1].isalnum():
            problem = f"the delimiter {delimiter!r} is a backslash and a letter"
            return InvalidFormatError(problem=problem, fix='write a real tab: "\\t" in double quotes.')
        return self._problem_of_signs() or TextEncoding(self.encoding).problem()

    def _problem_of_signs(self) -> InvalidFormatError | None:
        for name, sign in (("quote", self.quote), ("escape", self.escape)):
            if len(sign) > 1 or set(sign) & set("\r\n\0 "):
                problem = f"the {name} {sign!r} is not one character"
                return InvalidFormatError(problem=problem, fix="give one character, or an empty text.")
        if self.quote and self.quote == self.escape:
            problem = f"{self.quote!r} is both the quote and the escape"
            return InvalidFormatError(
                problem=problem, fix="leave the escape out: a quote within quotes is doubled."
            )
        if len(set(self.header)) < len(self.header):
            problem = f"the header {list(self.header)} has a name twice"
            return InvalidFormatError(problem=problem, fix="give each field its own name.")
        return None

    @property
    def is_common(self) -> bool:
        """Whether it is that of RFC 4180, which other readers know too, but for its delimiter."""
        return (self.quote, self.escape, self.comment, self.header, self.nulls) == ('"', "", "", (), ())

    @property
    def is_utf8(self) -> bool:
        """Whether the text is UTF-8, with a byte order mark or without."""
        return TextEncoding(self.encoding).is_utf8

    def value(self, field: str) -> str | None:
        """Return what a field stands for."""
        return None if not field or field in self.nulls else field

    def utf8(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the text as clean UTF-8. Raises UnreadableFileError where it is not in this encoding, or has NUL."""
        return TextEncoding(self.encoding).utf8(chunks)

    def rows(self, utf8: Iterable[bytes], *, first_line: int = 1) -> Iterator[CsvRow]:
        """Yield the rows of a text in UTF-8; an empty line is none. A byte order mark may begin the first line.

        Raises UnreadableFileError, with the line, where the text breaks the rules and has to be guessed at.
        """
        text_lines = _lines(buffered_stream(utf8), may_have_mark=first_line == 1)
        lines = _RememberedLines(text_lines, comment=self.comment)
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        one = len(self.delimiter) == 1
        given = lines if one else (self._with_stand_in(line) for line in lines)
        reader = csv.reader(
            given,
            delimiter=self.delimiter if one else _STAND_IN,
            strict=True,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
        )
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

    def _with_stand_in(self, line: str) -> str:
        if _STAND_IN in line:
            raise UnreadableFileError("it holds the character U+FDD0, which no text may hold")
        return line.replace(self.delimiter, _STAND_IN)

    def _without_stand_in(self, fields: list[str]) -> list[str]:
        return [field.replace(_STAND_IN, self.delimiter) for field in fields]


class _RememberedLines:
    """Passes lines through, and keeps those of the row that is being read; a comment becomes an empty line."""

    def __init__(self, lines: Iterable[str], *, comment: str) -> None:
        self._lines = iter(lines)
        self._comment = comment
        self._kept: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self._comment and not self._kept and line.startswith(self._comment):
            line = "\n"
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
