"""Fixed width: each column stands at its place in every line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.record_format import findings_in
from lakehouse.ingestion.formats.records import Record, batches_of
from lakehouse.ingestion.formats.rescue import MALFORMED_ROW
from lakehouse.ingestion.formats.text_encoding import TextEncoding, lines
from lakehouse.words import word

__all__ = ["FixedWidthFormat"]

_REST = MALFORMED_ROW


@word("fixed_width")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWidthFormat(PortableFormat):
    """Lines with each column in its place, plain or compressed: spaces around a value are left out, blank is NULL.

    ``places`` has for each column the first character, from 0, and the one behind the last. A line that is too
    short for a column cuts it off in the middle, or has text behind the last column, is kept whole in
    ``_rescued_data``.
    """

    unit: ClassVar[str] = "line"
    has_texts_only: ClassVar[bool] = True

    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    encoding: str = "utf-8"
    """A name that Python knows."""
    skip_lines: int = 0
    """How many lines stand before the first row."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {name: tuple(place) for name, place in self.places.items()})
        object.__setattr__(self, "columns", self.columns or tuple(self.places))
        PortableFormat.__post_init__(self)

    def __hash__(self) -> int:
        return hash((self.columns, tuple(self.places.items()), self.encoding, self.skip_lines))

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        found = [problem] if (problem := TextEncoding(self.encoding).problem()) else []
        fix = "give its first character, from 0, and the one behind its last."
        for name, (start, stop) in self.places.items():
            if not 0 <= start < stop:
                why = f"the column {name!r} can't stand at {start} to {stop}"
                found.append(InvalidFormatError(problem=why, fix=fix))
        for name, _ in self.columns:
            if name not in self.places:
                found.append(InvalidFormatError(problem=f"the column {name!r} has no place", fix=fix))
        return found

    def look(self, content: FileContent) -> Findings:
        found = findings_in(self._records(content), dict(self.columns), self.unfit_values)
        found.names = {name for name, _ in self.columns}
        return found

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        return batches_of(
            self._records(content),
            self.arrow_columns(),
            from_text=self.has_texts_only,
            keeps_unfit=self.keeps_unfit,
        )

    def _records(self, content: FileContent) -> Iterator[Record]:
        width = max(stop for _, stop in self.places.values())
        for member in content.members():
            for number, line in enumerate(lines(TextEncoding(self.encoding).utf8(member))):
                if number < self.skip_lines or not line.strip():
                    continue
                yield self._record(line.decode(), width)

    def _record(self, line: str, width: int) -> Record:
        if line[width:].strip():
            fault = f"it has {len(line)} characters, expected {width}"
            return Record({}, len(line), malformed=line, fault=fault)
        for name, (start, stop) in self.places.items():
            if start < len(line) < stop and name not in self.optional and stop != width:
                fault = f"it ends within the column {name!r}"
                return Record({}, len(line), malformed=line, fault=fault)
        values = {name: line[start:stop].strip() or None for name, (start, stop) in self.places.items()}
        return Record(values, len(line))
