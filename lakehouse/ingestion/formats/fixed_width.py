"""Fixed width: each column stands at its place in every line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.plain import PlainPlaces
from lakehouse.ingestion.formats.portable import Findings
from lakehouse.ingestion.formats.record_format import Block, EncodedRecordFormat
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.formats.text_encoding import TextEncoding, line_blocks, lines_of
from lakehouse.words import word

__all__ = ["FixedWidthFormat"]


@word("fixed_width")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixedWidthFormat(EncodedRecordFormat):
    """Lines with each column in its place, plain or compressed: spaces around a value are left out, blank is NULL.

    ``places`` has for each column the first character, from 0, and the one behind the last. A line that is too
    short for a column cuts it off in the middle, or has text behind the last column, is kept whole in
    ``_rescued_data``.
    """

    unit: ClassVar[str] = "line"
    has_texts_only: ClassVar[bool] = True

    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    skip_lines: int = 0
    """How many lines stand before the first row."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {name: tuple(place) for name, place in self.places.items()})
        object.__setattr__(self, "columns", self.columns or tuple(self.places))
        EncodedRecordFormat.__post_init__(self)

    def __hash__(self) -> int:
        return hash((self.columns, tuple(self.places.items()), self.encoding, self.skip_lines))

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        found = [*EncodedRecordFormat._problems_of_options(self)]
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
        return self.looked_through(content, Findings(names={name for name, _ in self.columns}))

    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        width = max(stop for _, stop in self.places.values())
        plain = self._plain_places(width)
        for member in content.members():
            skipped = 0
            for block in line_blocks(TextEncoding(self.encoding).utf8(member)):
                while skipped < self.skip_lines and block:
                    block, skipped = block.partition(b"\n")[2], skipped + 1
                yield Block(records=partial(self._records, block, width), plain=partial(plain, block))

    def _plain_places(self, width: int) -> Callable[[bytes], pa.RecordBatch | None]:
        columns = self.arrow_columns()
        if self.places.keys() != columns.keys():
            return lambda _block: None
        may_be_cut = {
            place for name, place in self.places.items() if name in self.optional or place[1] == width
        }
        return partial(PlainPlaces(places=self.places, may_be_cut=may_be_cut).batch, columns=columns)

    def _records(self, block: bytes, width: int) -> Iterator[Record]:
        return (self._record(line.decode(), width) for line in lines_of(block) if line.strip())

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
