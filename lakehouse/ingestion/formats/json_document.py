"""JSON documents: a file is one value, and a list in it holds the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.json_lines import json_record
from lakehouse.ingestion.formats.record_format import EncodedRecordFormat
from lakehouse.ingestion.formats.records import Record, parsed_json
from lakehouse.ingestion.formats.text_encoding import TextEncoding
from lakehouse.words import word

__all__ = ["JsonFormat"]

_MOST_BYTES = 512 << 20
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

    def records_of(self, content: FileContent) -> Iterator[Record]:
        for body in content.wholes(most_bytes=_MOST_BYTES):
            text = b"".join(TextEncoding(self.encoding).utf8([body])).removeprefix(_BOM)
            if not text.strip():
                raise UnreadableFileError("it is empty")
            parsed_json(text)  # all of it, so that what is taken out needs no other check
            yield from (json_record(bytes(each)) for each in self._listed(text))

    def _listed(self, text: bytes) -> Sequence[Any]:
        """Return the text of each record."""
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
            return msgspec.json.decode(body, type=list[msgspec.Raw])
        if body.startswith(b"{"):
            return [body]
        raise UnreadableFileError(f"at {self.records or 'the top'!r} there is no list of objects")


def _fields(text: bytes) -> dict[str, Any]:
    if not text.strip().startswith(b"{"):
        return {}
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
