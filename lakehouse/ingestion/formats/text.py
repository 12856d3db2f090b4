"""Text: each line is a row, or the whole file is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.plain import Unsure, line_array, with_line_feeds
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import RESCUED_DATA, Columns
from lakehouse.ingestion.formats.text_encoding import TextEncoding, line_blocks, lines_of
from lakehouse.words import word

__all__ = ["TextFormat"]

_VALUE: Columns = (("value", "string"),)
_MOST_BYTES = 1 << 30
_BOM = b"\xef\xbb\xbf"


@word("text")
@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat(PortableFormat):
    """Text, plain or compressed, in the column ``value``: every line as it is, without LF or CRLF; empty ones too."""

    unit: ClassVar[str] = "line"

    columns: Columns = _VALUE
    encoding: str = "utf-8"
    """A name that Python knows."""
    whole: bool = False
    """Whether a file is one row."""

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        found = [problem] if (problem := TextEncoding(self.encoding).problem()) else []
        if self.columns != _VALUE:
            why = f"text has the column 'value', not {[name for name, _ in self.columns]}"
            found.append(InvalidFormatError(problem=why, fix="leave the columns out."))
        return found

    def look(self, content: FileContent) -> Findings:
        return Findings(names={"value"}, records=sum(map(len, self._texts(content))))

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        for texts in self._texts(content):
            nothing = pa.nulls(len(texts), pa.string())
            yield pa.RecordBatch.from_arrays([texts, nothing], names=["value", RESCUED_DATA])

    def _texts(self, content: FileContent) -> Iterator[pa.StringArray]:
        encoding = TextEncoding(self.encoding)
        for member in content.members():
            if not self.whole:
                yield from map(_lines, line_blocks(encoding.utf8(member)))
                continue
            text = b"".join(_at_most(encoding.utf8(member), _MOST_BYTES)).removeprefix(_BOM)
            if text:
                yield pa.array([text.decode()], pa.string())


def _lines(block: bytes) -> pa.StringArray:
    try:
        return line_array(with_line_feeds(block))
    except Unsure:
        return pa.array([line.decode() for line in lines_of(block)], pa.string())


def _at_most(chunks: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > most_bytes:
            raise UnreadableFileError(f"it is larger than {most_bytes} bytes, which are read as one row")
        yield chunk
