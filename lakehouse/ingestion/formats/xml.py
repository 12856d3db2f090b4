"""XML: each element of one name is a row, its attributes and children found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from xml.parsers import expat

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.plain import plain_elements
from lakehouse.ingestion.formats.portable import Findings
from lakehouse.ingestion.formats.record_format import Block, RecordFormat
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.formats.records.json_text import MOST_LEVELS
from lakehouse.words import word

__all__ = ["XmlFormat"]

_TEXT = "_VALUE"
_LEVELS_OF_ROW = 2
"""A row of texts, and these."""


@word("xml")
@dataclass(frozen=True, slots=True, kw_only=True)
class XmlFormat(RecordFormat):
    """XML, plain or compressed: each element named ``row_tag`` is a row, wherever it stands.

    A child is a value, or a struct of its attributes (``_id``), its children and its own text (``_VALUE``), as
    Spark names them; one that comes more than once is a list. Names keep their prefixes. Entities of a file's own
    are refused: they may be a bomb. A file is rejected as a whole where it is not well-formed anywhere.
    """

    has_texts_only: ClassVar[bool] = True

    row_tag: str

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        if self.row_tag:
            return ()
        return [InvalidFormatError(problem="the row tag is empty", fix="name the element that is a row.")]

    def look(self, content: FileContent) -> Findings:
        found = RecordFormat.look(self, content)
        if not found.records and content.head:
            raise UnreadableFileError(f"it has no element {self.row_tag!r}")
        return found

    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        columns = self.arrow_columns()
        for member in content.members():
            yield from _Elements(self.row_tag, columns).blocks(member)


class _Elements:
    """Takes events of the parser, and keeps the elements that are rows.

    The parser sees all of a file, in its order. Where rows come one behind the other, all alike, it only says
    whether they are well-formed: no event comes of them.
    """

    def __init__(self, row_tag: str, columns: Mapping[str, pa.DataType]) -> None:
        self._row_tag = row_tag
        self._columns = columns
        self._open: list[_Element] = []
        self._done: list[Record] = []
        self._level = 0
        self._may_be_plain = True
        self._is_taken = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.XmlDeclHandler = self._declared
        self._parser.EntityDeclHandler = _refuse_entity
        self._hear(True)

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[Block]:
        """Yield all rows; each block is taken before the next one is asked for. Raises UnreadableFileError."""
        begin, end = f"<{self._row_tag}>".encode(), f"</{self._row_tag}>".encode()
        rest, is_empty = b"", True
        for chunk in chunks:
            text, rest, is_empty = rest + chunk, b"", False
            first, last = text.find(begin), text.rfind(end)
            if not 0 <= first < last:
                yield Block(records=partial(self._parsed, text))
                continue
            yield Block(records=partial(self._parsed, text[:first]))
            last += len(end)
            if self._open or not self._may_be_plain or self._level + _LEVELS_OF_ROW > MOST_LEVELS:
                yield Block(records=partial(self._parsed, text[first:]))
                continue
            yield from self._rows(text[first:last])
            rest = text[last:]
        yield Block(records=partial(self._parsed, rest, is_final=not is_empty))

    def _rows(self, block: bytes) -> Iterator[Block]:
        self._is_taken = False
        plain = partial(plain_elements, block, self._row_tag, self._columns)
        yield Block(records=partial(self._parsed, block), plain=plain)
        if not self._is_taken:
            self._hear(False)
            self._parse(block)
            self._hear(True)

    def _parsed(self, text: bytes, *, is_final: bool = False) -> Sequence[Record]:
        self._is_taken = True
        if b"<!" in text or b"<?" in text.removeprefix(b"<?xml "):
            self._may_be_plain = False  # a comment, for one, may hold what looks like rows
        self._parse(text, is_final=is_final)
        done, self._done = self._done, []
        return done

    def _parse(self, text: bytes, *, is_final: bool = False) -> None:
        try:
            self._parser.Parse(text, is_final)
        except expat.ExpatError as error:
            raise UnreadableFileError(f"it is not well-formed XML ({error})") from error

    def _hear(self, all_of_it: bool) -> None:
        """Ask the parser for the events, or for none."""
        self._parser.StartElementHandler = self._start if all_of_it else None
        self._parser.EndElementHandler = self._end if all_of_it else None
        self._parser.CharacterDataHandler = self._text if all_of_it else None

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            self._may_be_plain = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._level += 1
        if self._level > MOST_LEVELS:
            raise UnreadableFileError(f"its elements are nested more than {MOST_LEVELS} deep")
        if self._open or name == self._row_tag:
            values: dict[str, Any] = {f"_{key}": value for key, value in attributes.items()}
            self._open.append(_Element(values))

    def _end(self, name: str) -> None:
        self._level -= 1
        if not self._open:
            return
        element = self._open.pop()
        if self._open:
            self._open[-1].add(name, element.value())
        else:
            self._done.append(Record(element.row(), element.size_bytes))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)
            self._open[0].size_bytes += len(text)


class _Element:
    __slots__ = ("_repeated", "_values", "size_bytes", "text")

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._repeated: set[str] = set()
        self.text: list[str] = []
        self.size_bytes = 100

    def add(self, name: str, value: Any) -> None:
        if name in self._repeated:
            self._values[name].append(value)
        elif name in self._values:
            self._values[name] = [self._values[name], value]
            self._repeated.add(name)
        else:
            self._values[name] = value

    def value(self) -> Any:
        """Return a text, or the fields of an element that has some; None where it is empty."""
        if self._values:
            return self.row()
        return "".join(self.text).strip() or None

    def row(self) -> dict[str, Any]:
        text = "".join(self.text).strip()
        return {**self._values, _TEXT: text} if text else self._values


def _refuse_entity(*declared: Any) -> None:
    raise UnreadableFileError(f"it declares the entity {declared[0]!r} of its own")
