"""JSON lines: an object a line, its keys found by name; what is nested stays nested, or is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import msgspec

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.plain import plain_json
from lakehouse.ingestion.formats.record_format import Block, EncodedRecordFormat, never_plain
from lakehouse.ingestion.formats.records import Record, parsed_json
from lakehouse.ingestion.formats.text_encoding import TextEncoding, line_blocks, lines_of
from lakehouse.words import word

__all__ = ["JsonLinesFormat", "json_record"]

_SPACES = b" \t\r"


@word("json_lines")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesFormat(EncodedRecordFormat):
    """JSON lines (RFC 8259, one object a line), plain or compressed.

    A column that is a string takes any value: a text as it is, all else as the JSON that stands there. A line
    that is no object, or has a key twice, is a row of NULLs with its text in ``_rescued_data``.
    """

    unit: ClassVar[str] = "line"

    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        reader = plain_json(self.columns)
        for member in content.members():
            for block in line_blocks(TextEncoding(self.encoding).utf8(member)):
                yield Block(
                    records=partial(_records, block),
                    plain=partial(reader.lines, block) if reader is not None else never_plain,
                )


def _records(block: bytes) -> Iterator[Record]:
    return (json_record(line) for line in lines_of(block) if line.strip(_SPACES))


def json_record(text: bytes) -> Record:
    """Return the record of an object's text; one that is malformed where the text is none."""
    try:
        value = parsed_json(text)
    except UnreadableFileError as error:
        return Record({}, len(text), malformed=text.decode(), fault=str(error))
    if not isinstance(value, dict):
        return Record({}, len(text), malformed=text.decode(), fault="it is no JSON object")
    return Record(value, len(text), texts=lambda: _texts(text))


def _texts(text: bytes) -> Mapping[str, str]:
    raw: dict[str, Any] = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return {name: bytes(each).decode() for name, each in raw.items()}
