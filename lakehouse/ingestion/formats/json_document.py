"""JSON documents: a file is one value, and a list in it holds the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import msgspec

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.json_lines import json_record
from lakehouse.ingestion.formats.plain import plain_json
from lakehouse.ingestion.formats.record_format import Block, EncodedRecordFormat, never_plain
from lakehouse.ingestion.formats.records import Record, parsed_json
from lakehouse.ingestion.formats.text_encoding import TextEncoding
from lakehouse.words import word

__all__ = ["JsonFormat"]

_MOST_BYTES = 512 << 20
_RECORDS_A_BLOCK = 10_000
_BOM = b"\xef\xbb\xbf"


@word("json")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFormat(EncodedRecordFormat):
    """A JSON document, plain or compressed: each object of the list at ``records`` is a row.

    An object in the place of the list is one row. The columns are as those of JSON lines. A document is read
    as a whole, and so rejected as a whole where its text is wrong anywhere.
    """

    unit: ClassVar[str] = "record"

    records: str = ""
    """Keys from the outside in, with dots between them, such as ``data.items``; empty: the top."""

    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        for body in content.wholes(most_bytes=_MOST_BYTES):
            text = b"".join(TextEncoding(self.encoding).utf8([body])).removeprefix(_BOM)
            if not text.strip():
                raise UnreadableFileError("it is empty")
            yield from self._blocks(text)

    def _blocks(self, text: bytes) -> Iterator[Block]:
        try:
            body, records = self._listed(text)
        except (msgspec.DecodeError, RecursionError, UnreadableFileError):
            parsed_json(text)  # a fault of the whole comes first
            raise
        if self.records:
            _Document(text.replace(body, b"[]", 1)).check()  # plain records leave what stands around them
        whole, reader = _Document(text), plain_json(self.columns)
        for at in range(0, len(records), _RECORDS_A_BLOCK):
            some = [bytes(each) for each in records[at : at + _RECORDS_A_BLOCK]]
            yield Block(
                records=partial(whole.records, some),
                plain=partial(reader.objects, b"\n".join(some), len(some)) if reader else never_plain,
            )

    def _listed(self, text: bytes) -> tuple[bytes, Sequence[Any]]:
        """Return the text of all records, and that of each of them."""
        found: Any = text
        for depth, key in enumerate(keys := self.records.split(".") if self.records else []):
            around = _fields(bytes(found))
            if key not in around:
                known = ", ".join(map(repr, list(around)[:10])) or "nothing"
                place = ".".join(keys[: depth + 1])
                raise UnreadableFileError(f"it has no {place!r}; beside it there is {known}")
            found = around[key]
        body = bytes(found).strip()
        if body.startswith(b"["):
            return body, msgspec.json.decode(body, type=list[msgspec.Raw])
        if body.startswith(b"{"):
            return body, [body]
        raise UnreadableFileError(f"at {self.records or 'the top'!r} there is no list of objects")


class _Document:
    """A text that is checked as a whole before records of it are taken one by one."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._is_checked = False

    def check(self) -> None:
        """Parse all of it, once. Raises UnreadableFileError."""
        if not self._is_checked:
            parsed_json(self._text)
        self._is_checked = True

    def records(self, texts: Sequence[bytes]) -> Iterator[Record]:
        """Yield some of its records."""
        self.check()
        yield from map(json_record, texts)


def _fields(text: bytes) -> dict[str, Any]:
    if not text.strip().startswith(b"{"):
        return {}
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
