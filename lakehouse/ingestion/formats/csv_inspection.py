"""Whether a CSV file can be read without guessing: looked at whole, byte by byte, before its rows are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, cast

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.compression import members
from lakehouse.ingestion.formats.content import explained
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_header import ExpectedHeader
from lakehouse.ingestion.formats.csv_plainness import (
    PLAIN_DELIMITERS,
    is_plain,
    is_plain_name,
    whole_lines,
)
from lakehouse.ingestion.formats.digesting import DigestingStream
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection, Rejected

__all__ = ["inspect_csv", "judged_header"]

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 16


def inspect_csv(source: BinaryIO, *, name: str, expected: ExpectedHeader, dialect: CsvDialect) -> Inspection:
    """Read ``source`` to its end and say whether its rows can be taken.

    Facts: ``header``, its names in order; ``plain``, whether Spark's own reader gives the same rows as the exact
    one. The digest is BLAKE2b of the bytes as they lie in the landing zone.
    """
    raw = DigestingStream(source)
    try:
        found = _Inspector(raw=raw, name=name, dialect=dialect).look_through()
        _check_width(found.first, dialect)
    except UnreadableFileError as error:
        return Rejected(reason=str(error), digest=raw.digest_of_all())
    return judged_header(
        dialect.header or found.first,
        expected,
        dialect.delimiter,
        digest=raw.digest_of_all(),
        facts={"plain": found.plain},
    )


def judged_header(
    header: tuple[str, ...],
    expected: ExpectedHeader,
    delimiter: str,
    *,
    digest: str,
    facts: Mapping[str, Any],
) -> Inspection:
    """Return what becomes of a file whose rows can all be read: its header decides."""
    try:
        expected.check(header, delimiter=delimiter)
    except UnreadableFileError as error:
        return Rejected(reason=str(error), digest=digest)
    return Accepted(facts={"header": list(header), **facts}, digest=digest)


@dataclass(frozen=True, slots=True)
class _Found:
    first: tuple[str, ...]
    """The fields of the first row."""
    plain: bool


class _Inspector:
    """Goes through one file once: quickly while its lines are plain, by the exact rules from the first that is not."""

    def __init__(self, *, raw: DigestingStream, name: str, dialect: CsvDialect) -> None:
        self._name = name
        self._dialect = dialect
        self._head = b""
        self._odd = False
        self._members = members(cast("BinaryIO", raw), name, note_oddity=self._note_oddity)

    def look_through(self) -> _Found:
        try:
            found = self._all_members()
        except UnreadableFileError as error:
            raise explained(error, self._head, self._name) from error
        if found.first:
            return found
        raise UnreadableFileError("it has no header" if self._head else "it is empty")

    def _all_members(self) -> _Found:
        """Look through each file of an archive; each begins with the same header."""
        first: _Found | None = None
        for member in self._members:
            found = self._through(_without_bom(whole_lines(self._dialect.utf8(self._noted(member)))))
            if first is None or not first.first:
                first = found
            elif found.first and not self._dialect.header and found.first != first.first:
                raise UnreadableFileError(
                    f"the files in its archive have different headers: {list(first.first)} and {list(found.first)}"
                )
        return first or _Found((), plain=False)

    def _through(self, blocks: Iterator[bytes]) -> _Found:
        first: tuple[str, ...] | None = None
        lines = 0
        one_plain_character = self._dialect.is_common and self._dialect.delimiter in PLAIN_DELIMITERS
        for block in blocks:
            if not one_plain_character or not is_plain(block, self._dialect.delimiter):
                rest = self._strictly(chain([block], blocks), first_line=lines + 1)
                return _Found(first or rest, plain=False)
            first = first or self._first_row(block)
            lines += block.count(b"\n")
        plain = not self._odd and self._dialect.is_utf8 and is_plain_name(self._name)
        return _Found(first or (), plain=plain)

    def _strictly(self, blocks: Iterable[bytes], *, first_line: int) -> tuple[str, ...]:
        """Read all rows, so that one that breaks the rules is found; return the fields of the first."""
        rows = self._dialect.rows(blocks, first_line=first_line)
        first = next(rows, None)
        for _ in rows:
            pass
        return tuple(first.fields) if first else ()

    def _first_row(self, block: bytes) -> tuple[str, ...]:
        row = next(self._dialect.rows([block]), None)
        return tuple(row.fields) if row else ()

    def _noted(self, member: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in member:
            if len(self._head) < _HEAD_BYTES:
                self._head += chunk[:_HEAD_BYTES]
            yield chunk

    def _note_oddity(self) -> None:
        self._odd = True


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(blocks, b"")
    yield from chain([first.removeprefix(_BOM)], blocks)


def _check_width(first: Sequence[str], dialect: CsvDialect) -> None:
    """Raise UnreadableFileError where the header that is given can't be that of the file."""
    expected = len(dialect.header)
    if expected and len(first) != expected:
        raise UnreadableFileError(
            f"its first row has {len(first)} fields, expected {expected} as the header has"
        )
