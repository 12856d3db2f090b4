"""A payload that is one row of CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.kafka.payload.parsed import ParsedPayload
from lakehouse.words import word

__all__ = ["CsvPayload"]


@word("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvPayload(ParsedPayload):
    """One row of CSV (RFC 4180) without a header: the columns are its fields, in their order."""

    has_texts_only: ClassVar[bool] = True

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    nulls: tuple[str, ...] = ()
    """Words that stand for NULL, beside a field that is empty."""

    def __post_init__(self) -> None:
        ParsedPayload.__post_init__(self)
        object.__setattr__(self, "nulls", tuple(self.nulls))

    def record(self, payload: bytes) -> Record:
        dialect = self._dialect
        rows = list(dialect.rows(dialect.utf8([payload])))
        if len(rows) != 1:
            raise UnreadableFileError(f"it has {len(rows)} rows, expected one")
        fields = rows[0].fields
        if len(fields) != len(self.columns):
            raise UnreadableFileError(f"it has {len(fields)} fields, expected {len(self.columns)}")
        values = {name: dialect.value(field) for (name, _), field in zip(self.columns, fields, strict=True)}
        return Record(values, len(payload))

    def problems(self) -> Sequence[InvalidFormatError]:
        problem = self._dialect.problem()
        return [*([problem] if problem else []), *ParsedPayload.problems(self)]

    @property
    def _dialect(self) -> CsvDialect:
        return CsvDialect(delimiter=self.delimiter, quote=self.quote, escape=self.escape, nulls=self.nulls)
