"""Formats whose files are a sequence of records: what is found in them, and their rows, are the same for all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import Record, UnfitValues, batches_of
from lakehouse.ingestion.formats.records.inference import type_of_value
from lakehouse.ingestion.formats.text_encoding import TextEncoding

__all__ = ["EncodedRecordFormat", "RecordFormat", "findings_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat(PortableFormat):
    """Gives the records of a file; a subclass reads them."""

    @abstractmethod
    def records_of(self, content: FileContent) -> Iterator[Record]:
        """Yield the records. Raises UnreadableFileError."""

    def look(self, content: FileContent) -> Findings:
        return findings_in(self.records_of(content), dict(self.columns), self.unfit_values)

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        return batches_of(
            self.records_of(content),
            self.arrow_columns(),
            from_text=self.has_texts_only,
            keeps_unfit=self.keeps_unfit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedRecordFormat(RecordFormat):
    """Records that are text, in an encoding that the user names."""

    encoding: str = "utf-8"
    """A name that Python knows."""

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        problem = TextEncoding(self.encoding).problem()
        return [problem] if problem else []


def findings_in(
    records: Iterator[Record], declared: Iterable[str], unfit: UnfitValues | None = None
) -> Findings:
    """Return what is found in records, all of them read; with ``unfit`` also what does not fit the columns."""
    found, names = Findings(), frozenset(declared)
    for record in records:
        found.records += 1
        if record.malformed is not None:
            found.malformed += 1
            found.first_fault = found.first_fault or f"{record.fault} (record {found.records})"
            continue
        if found.names != names:
            found.names |= names & record.values.keys()
        if not record.values.keys() <= names:
            for name, value in record.values.items():
                if name not in names:
                    found.note_column(name, type_of_value(value))
        if unfit is not None:
            for name in unfit.of(record.values):
                found.note_changed(name, type_of_value(record.values[name]))
    return found
