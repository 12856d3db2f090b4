"""A large CSV file inspected in parts: what an inspection of the whole finds, where it finds no fault.

Parts begin where lines begin. There a reader of CSV is between two rows or within quotes and nowhere else, so a
part is looked at as if it began between rows, and once more, within quotes, if the part before it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import msgspec

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_exact_reader import ROW_STARTS
from lakehouse.ingestion.formats.csv_header import ExpectedHeader
from lakehouse.ingestion.formats.csv_inspection import judged_header
from lakehouse.ingestion.formats.csv_plainness import PLAIN_DELIMITERS, is_plain, is_plain_name, whole_lines
from lakehouse.ingestion.formats.parts import InspectionInParts, Part, PartFinding, Wanted
from lakehouse.ingestion.formats.verdicts import Inspection

__all__ = ["CsvInParts"]

_PART_BYTES = 64 << 20
_LONGEST_LINE = 1 << 20
"""A longer line at a part's edge leaves the file to be looked at whole; so no field spans more than two parts."""
_BOM = b"\xef\xbb\xbf"
_NOT_CLOSED = "unexpected end of data"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvInParts(InspectionInParts):
    """Parts of a plain file in UTF-8. Whatever looks like a fault is left to the inspection of the whole file."""

    name: str
    expected: ExpectedHeader
    dialect: CsvDialect
    size_bytes: int

    def parts(self) -> Sequence[Part]:
        edges = [*range(0, max(self.size_bytes - _PART_BYTES + 1, 1), _PART_BYTES), self.size_bytes]
        return [Part(start=start, stop=stop) for start, stop in pairwise(edges)]

    def look(self, content: Iterator[bytes], part: Part) -> PartFinding | None:
        try:
            return self._found(content, part)
        except UnreadableFileError:
            return None

    def join(self, found: Mapping[Part, PartFinding | None], *, digest: str) -> Inspection | Wanted | None:
        in_quotes = False
        findings: list[PartFinding] = []
        row_starts: list[int] = []
        for part in _in_order(found):
            as_it_is = msgspec.structs.replace(part, in_quotes=in_quotes)
            if as_it_is not in found:
                return Wanted(_likely_in_quotes(found))
            finding = found[as_it_is]
            if finding is None:
                return None
            findings.append(finding)
            if not in_quotes and finding.begins_at not in row_starts[-1:]:
                row_starts.append(finding.begins_at)
            in_quotes = finding.ends_in_quotes
        if in_quotes or not findings[0].header:
            return None
        plain = all(finding.is_plain for finding in findings) and is_plain_name(self.name)
        more_facts = {} if plain else {ROW_STARTS: row_starts}
        return judged_header(
            findings[0].header,
            self.expected,
            self.dialect.delimiter,
            digest=digest,
            facts={"plain": plain, **more_facts},
        )

    def _found(self, content: Iterator[bytes], part: Part) -> PartFinding:
        lines = _Lines(content, part)
        blocks = whole_lines(self.dialect.utf8(lines))
        first, is_first_part = next(blocks, b""), part.start == 0
        if is_first_part:
            first = first.removeprefix(_BOM)
        header = next(self.dialect.rows([first]), None) if is_first_part else None
        rest, ends_in_quotes = self._after_plain(chain([first], blocks), part), False
        is_plain_throughout = rest is None
        if rest is not None:
            ends_in_quotes = self._ends_in_quotes(rest, part)
        return PartFinding(
            begins_at=lines.begins_at,
            ends_in_quotes=ends_in_quotes,
            is_plain=is_plain_throughout,
            header=tuple(header.fields) if header else (),
        )

    def _after_plain(self, blocks: Iterator[bytes], part: Part) -> Iterator[bytes] | None:
        """Go through the blocks to the first that is not plain; return it and what follows, None when all are."""
        if part.in_quotes:
            return chain([b'"'], blocks)
        if self.dialect.delimiter not in PLAIN_DELIMITERS:
            return blocks
        for block in blocks:
            if not is_plain(block, self.dialect.delimiter):
                return chain([block], blocks)
        return None

    def _ends_in_quotes(self, blocks: Iterator[bytes], part: Part) -> bool:
        """Read the rows to the end; say whether a quoted field is open there. Raises UnreadableFileError."""
        rows = 0
        try:
            for _ in self.dialect.rows(blocks, first_line=1 if part.start == 0 else 2):
                rows += 1
        except UnreadableFileError as error:
            if _NOT_CLOSED not in str(error.__cause__) or (part.in_quotes and rows == 0):
                raise
            return True
        return False


class _Lines:
    """The lines of a part, in chunks. Raises UnreadableFileError where a line reaches far over an edge."""

    def __init__(self, content: Iterator[bytes], part: Part) -> None:
        self._content = content
        self._part = part
        self.begins_at = part.start

    def __iter__(self) -> Iterator[bytes]:
        at = self.begins_at = 0 if self._part.start == 0 else self._skip_line()
        last_byte = self._part.stop - 1
        if at > last_byte:
            return
        for chunk in self._content:
            end = chunk.find(b"\n", max(0, last_byte - at)) + 1
            yield chunk[:end] if end else chunk
            at += len(chunk)
            if end:
                return
            _check_length(at - self._part.stop)

    def _skip_line(self) -> int:
        """Take the line that began before the part; return where the next one begins."""
        at = self._part.start - 1
        for chunk in self._content:
            end = chunk.find(b"\n") + 1
            if end:
                self._content = chain([chunk[end:]], self._content)
                return at + end
            at += len(chunk)
            _check_length(at - self._part.start)
        return at


def _check_length(length: int) -> None:
    if length > _LONGEST_LINE:
        raise UnreadableFileError(f"a line of it is longer than {_LONGEST_LINE} bytes")


def _in_order(found: Mapping[Part, PartFinding | None]) -> list[Part]:
    return sorted((part for part in found if not part.in_quotes), key=lambda part: part.start)


def _likely_in_quotes(found: Mapping[Part, PartFinding | None]) -> list[Part]:
    """Return the parts not yet looked at within quotes, before which some look ended within quotes."""
    open_ends = {
        part.stop for part, finding in found.items() if finding is not None and finding.ends_in_quotes
    }
    within = [
        msgspec.structs.replace(part, in_quotes=True) for part in _in_order(found) if part.start in open_ends
    ]
    return [part for part in within if part not in found]
