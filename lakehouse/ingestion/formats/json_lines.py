"""JSON lines: an object a line, its keys found by name; what is nested stays nested, or is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import Record, batches_of, parsed_json
from lakehouse.ingestion.formats.records.inference import type_of_value
from lakehouse.ingestion.formats.text_encoding import TextEncoding, lines
from lakehouse.words import word

__all__ = ["JsonLinesFormat", "json_findings", "json_record"]

_SPACES = b" \t\r"


@word("json_lines")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLinesFormat(PortableFormat):
    """JSON lines (RFC 8259, one object a line), plain or compressed.

    A column that is a string takes any value: a text as it is, all else as the JSON that stands there. A line
    that is no object, or has a key twice, is a row of NULLs with its text in ``_rescued_data``.
    """

    unit: ClassVar[str] = "line"

    encoding: str = "utf-8"
    """A name that Python knows."""

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        problem = TextEncoding(self.encoding).problem()
        return [problem] if problem else []

    def look(self, content: FileContent) -> Findings:
        return json_findings(self._records(content), [name for name, _ in self.columns])

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        return batches_of(self._records(content), self.arrow_columns())

    def _records(self, content: FileContent) -> Iterator[Record]:
        for member in content.members():
            for line in lines(TextEncoding(self.encoding).utf8(member)):
                if line.strip(_SPACES):
                    yield json_record(line)


def json_record(text: bytes) -> Record:
    """Return the record of an object's text; one that is malformed where the text is none."""
    try:
        value = parsed_json(text)
    except UnreadableFileError as error:
        return Record({}, len(text), malformed=text.decode(), fault=str(error))
    if not isinstance(value, dict):
        return Record({}, len(text), malformed=text.decode(), fault="it is no JSON object")
    return Record(value, len(text), texts=lambda: _texts(text))


def json_findings(records: Iterator[Record], declared: Sequence[str]) -> Findings:
    """Return what is found in records, all of them read."""
    found, names = Findings(), frozenset(declared)
    for record in records:
        found.records += 1
        if record.malformed is not None:
            found.malformed += 1
            found.first_fault = found.first_fault or f"{record.fault} (record {found.records})"
            continue
        if found.names != names:
            found.names |= names & record.values.keys()
        if not record.values.keys() <= names:
            for name, value in record.values.items():
                if name not in names:
                    found.note_column(name, type_of_value(value))
    return found


def _texts(text: bytes) -> Mapping[str, str]:
    raw: dict[str, Any] = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return {name: bytes(each).decode() for name, each in raw.items()}
