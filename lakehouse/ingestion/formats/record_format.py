"""Formats whose files are a sequence of records: what is found in them, and their rows, are the same for all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import RESCUED_DATA, Record, UnfitValues, batches_of
from lakehouse.ingestion.formats.records.inference import type_of_value
from lakehouse.ingestion.formats.text_encoding import TextEncoding

__all__ = ["Block", "EncodedRecordFormat", "RecordFormat", "findings_in", "never_plain"]


def never_plain() -> None:
    """Leave all records of a block to the exact rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Some records of a file, one behind the other: taken all at once where they are plain, else one by one."""

    records: Callable[[], Iterable[Record]]
    """Returns them by the exact rules. Raises UnreadableFileError."""
    plain: Callable[[], pa.RecordBatch | None] = never_plain
    """Returns their columns; None where a record is malformed, has further keys or values that do not fit, or
    where only the exact rules tell. What it returns is what the exact rules say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat(PortableFormat):
    """Gives the records of a file; a subclass reads them."""

    @abstractmethod
    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        """Yield the records; each block is taken before the next one is asked for. Raises UnreadableFileError."""

    def look(self, content: FileContent) -> Findings:
        return self.looked_through(content, Findings())

    def looked_through(self, content: FileContent, found: Findings) -> Findings:
        """Return what is found in all records, beside what is known."""
        unfit, names = self.unfit_values, frozenset(dict(self.columns))
        required = names - set(self.optional)
        for block in self.blocks_of(content):
            batch = block.plain()
            if batch is None or not _names_all(found, required, batch):
                _note_records(found, block.records(), names, unfit)
            else:
                found.records += batch.num_rows
        return found

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        columns = self.arrow_columns()
        for block in self.blocks_of(content):
            batch = block.plain()
            if batch is not None:
                nothing = pa.nulls(batch.num_rows, pa.string())
                yield pa.RecordBatch.from_arrays([*batch.columns, nothing], names=[*columns, RESCUED_DATA])
            else:
                yield from batches_of(
                    block.records(), columns, from_text=self.has_texts_only, keeps_unfit=self.keeps_unfit
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
    records: Iterable[Record], declared: Iterable[str], unfit: UnfitValues | None = None
) -> Findings:
    """Return what is found in records, all of them read; with ``unfit`` also what does not fit the columns."""
    found = Findings()
    _note_records(found, records, frozenset(declared), unfit)
    return found


def _names_all(found: Findings, required: frozenset[str], batch: pa.RecordBatch) -> bool:
    """Note which columns are there by their values; say whether those are all that must be: NULL is no witness."""
    for name in required - found.names:
        if batch.column(name).null_count < batch.num_rows:
            found.names.add(name)
    return required <= found.names


def _note_records(
    found: Findings, records: Iterable[Record], names: frozenset[str], unfit: UnfitValues | None
) -> None:
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
