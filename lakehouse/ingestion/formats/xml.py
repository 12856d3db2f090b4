"""XML: each element of one name is a row, its attributes and children found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from xml.parsers import expat

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings
from lakehouse.ingestion.formats.record_format import RecordFormat
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.formats.records.json_text import MOST_LEVELS
from lakehouse.words import word

__all__ = ["XmlFormat"]

_TEXT = "_VALUE"


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

    def records_of(self, content: FileContent) -> Iterator[Record]:
        for member in content.members():
            yield from _Elements(self.row_tag).records(member)


class _Elements:
    """Takes events of the parser, and keeps the elements that are rows."""

    def __init__(self, row_tag: str) -> None:
        self._row_tag = row_tag
        self._open: list[_Element] = []
        self._done: list[Record] = []
        self._level = 0
        self._is_empty = True

    def records(self, chunks: Iterable[bytes]) -> Iterator[Record]:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse_entity
        try:
            for chunk in chunks:
                self._is_empty = False
                parser.Parse(chunk, False)
                yield from self._taken()
            if not self._is_empty:
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableFileError(f"it is not well-formed XML ({error})") from error
        yield from self._taken()

    def _taken(self) -> Sequence[Record]:
        done, self._done = self._done, []
        return done

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
