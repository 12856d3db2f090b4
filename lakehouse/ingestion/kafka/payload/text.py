"""A payload that is text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.records import Columns, Record
from lakehouse.ingestion.kafka.payload.parsed import ParsedPayload
from lakehouse.words import word

__all__ = ["TextPayload", "utf8_text"]

_VALUE: Columns = (("value", "string"),)


@word("text")
@dataclass(frozen=True, slots=True, kw_only=True)
class TextPayload(ParsedPayload):
    """UTF-8, in the column ``value``."""

    columns: Columns = _VALUE

    def record(self, payload: bytes) -> Record:
        return Record({"value": utf8_text(payload)}, len(payload))

    def problems(self) -> Sequence[InvalidFormatError]:
        if self.columns == _VALUE:
            return ()
        what = f"text has the column 'value', not {[name for name, _ in self.columns]}"
        return [InvalidFormatError(problem=what, fix="leave the columns out.")]


def utf8_text(payload: bytes) -> str:
    """Return the text. Raises UnreadableFileError where the bytes are none."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"it is not UTF-8 (byte {error.start})") from error
