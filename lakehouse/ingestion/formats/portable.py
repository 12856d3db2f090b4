"""A format whose rows plain Python gives: by the same code in an inspection, in Spark's tasks and without Spark."""

from __future__ import annotations

import dataclasses
import datetime as dt
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.errors import closest_name
from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent, explained
from lakehouse.ingestion.formats.digesting import DigestingStream, digest_of
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.python_rows import python_rows
from lakehouse.ingestion.formats.raw_rows import raw_schema_of
from lakehouse.ingestion.formats.records import (
    Columns,
    UnfitValues,
    column_types,
    columns_of,
    problems_of_columns,
    type_text,
)
from lakehouse.ingestion.formats.records.inference import joined_type, settled_type
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection, Rejected

__all__ = ["Findings", "PortableFormat"]

FOUND_COLUMNS = "columns"
"""The fact of a file that has columns beside the declared ones: their names and types."""
CHANGED_TYPES = "changed_types"
"""The fact of a file that has values which don't fit a declared column: its name and their type."""
MISSING_COLUMNS = "missing_columns"
"""The fact of a file that lacks a column which it must have."""
_MOST_FOUND = 1_000


@dataclass(slots=True)
class Findings:
    """What a look through a file finds."""

    names: set[str] = field(default_factory=set)
    """Of the declared columns, those that are there."""
    more: dict[str, pa.DataType] = field(default_factory=dict)
    """Columns that are not declared, with the types of their values."""
    changed: dict[str, pa.DataType] = field(default_factory=dict)
    """Declared columns with values that do not fit, with the types of these."""
    records: int = 0
    malformed: int = 0
    first_fault: str = ""

    def note_column(self, name: str, held: pa.DataType) -> None:
        """Note what is there beside the declared columns."""
        if name in self.more or len(self.more) < _MOST_FOUND:
            self.more[name] = joined_type(self.more.get(name, pa.null()), held)

    def note_changed(self, name: str, held: pa.DataType) -> None:
        """Note a value of a declared column that does not fit."""
        self.changed[name] = joined_type(self.changed.get(name, pa.null()), held)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableFormat(FileFormat):
    """Columns by their names; of what a file has beside them nothing is lost (``_rescued_data``).

    A file is looked through to its end before its rows are taken. It is rejected where it can't be read, where
    nothing in it is a record, and where a column that is not optional is nowhere in it.
    """

    inspected_in_tasks: ClassVar[bool] = True
    reads_without_spark: ClassVar[bool] = True
    has_types: ClassVar[bool] = True
    has_texts_only: ClassVar[bool] = False
    """Whether each value is a text, so that ``"5"`` is a number where a number is declared."""
    seeks: ClassVar[bool] = False
    """Whether a file is read here and there, and not from its beginning to its end."""
    unit: ClassVar[str] = "record"
    """What messages call one row of a file."""

    columns: Columns = ()
    """Names and types; ``()`` where the format itself says which columns there are."""
    optional: tuple[str, ...] = ()
    """Those of the columns that a file may lack; they are NULL in its rows."""
    notes_changes: bool = False
    """Whether an inspection notes what differs from the columns, where it would reject the file for it."""
    keeps_unfit: bool = True
    """Whether ``_rescued_data`` has what does not fit the columns."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.columns))
        object.__setattr__(self, "optional", tuple(self.optional))

    @abstractmethod
    def look(self, content: FileContent) -> Findings:
        """Read the file to its end. Raises UnreadableFileError."""

    @abstractmethod
    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        """Yield the columns and ``_rescued_data``. Raises UnreadableFileError."""

    def batches(self, stream: BinaryIO, *, name: str, found: Accepted) -> Iterator[pa.RecordBatch]:
        return self.rows_of(FileContent(stream, name=name))

    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        return column_types(self.columns)

    def schema(self) -> StructType:
        return raw_schema_of(self.arrow_columns())

    def problems(self) -> Sequence[InvalidFormatError]:
        return [*problems_of_columns(self.columns, self.optional), *self._problems_of_options()]

    def more_columns(self, found: Accepted) -> Mapping[str, str]:
        columns: Mapping[str, str] = found.facts.get(FOUND_COLUMNS, {})
        return columns

    def changed_types(self, found: Accepted) -> Mapping[str, str]:
        changed: Mapping[str, str] = found.facts.get(CHANGED_TYPES, {})
        return changed

    def missing_columns(self, found: Accepted) -> Sequence[str]:
        missing: Sequence[str] = found.facts.get(MISSING_COLUMNS, ())
        return missing

    def noting_changes(self) -> FileFormat:
        return dataclasses.replace(self, notes_changes=True)

    def without_unfit_values(self) -> FileFormat:
        return dataclasses.replace(self, keeps_unfit=False)

    @property
    def unfit_values(self) -> UnfitValues | None:
        """Who finds values that do not fit their columns; None where nobody asks for them."""
        return (
            UnfitValues(self.arrow_columns(), from_text=self.has_texts_only) if self.notes_changes else None
        )

    def with_columns(self, more: Mapping[str, str]) -> FileFormat:
        columns, optional = (*self.columns, *more.items()), (*self.optional, *more)
        return dataclasses.replace(self, columns=columns, optional=optional)

    def without_required(self) -> FileFormat:
        return dataclasses.replace(self, optional=tuple(name for name, _ in self.columns))

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        return ()

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        if self.seeks and stream.seekable():
            digest = digest_of(stream)
            stream.seek(0)
            return self._judged(FileContent(stream, name=name), name, lambda: digest)
        raw = DigestingStream(stream)
        return self._judged(FileContent(cast("BinaryIO", raw), name=name), name, raw.digest_of_all)

    def _judged(self, content: FileContent, name: str, digest: Callable[[], str]) -> Inspection:
        try:
            found = self.look(content)
            self._check(found, content)
        except UnreadableFileError as error:
            reason = str(explained(error, content.head if self._expects_text else b"", name))
            return Rejected(reason=reason, digest=digest())
        return Accepted(digest=digest(), facts=self._facts(found))

    def _facts(self, found: Findings) -> Mapping[str, Any]:
        facts = {
            FOUND_COLUMNS: {name: type_text(held) for name, held in found.more.items()},
            CHANGED_TYPES: {name: type_text(settled_type(held)) for name, held in found.changed.items()},
            MISSING_COLUMNS: self._missing(found) if found.records and self.notes_changes else [],
        }
        return {name: fact for name, fact in facts.items() if fact}

    def _missing(self, found: Findings) -> list[str]:
        return [name for name, _ in self.columns if name not in found.names and name not in self.optional]

    @property
    def _expects_text(self) -> bool:
        return not self.seeks

    def _check(self, found: Findings, content: FileContent) -> None:
        if not found.records and not content.head:
            raise UnreadableFileError("it is empty")
        if found.malformed and found.malformed == found.records:
            raise UnreadableFileError(
                f"none of its {found.records} {self.unit}s can be read: {found.first_fault}"
            )
        missing = self._missing(found)
        if missing and found.records and not self.notes_changes:
            raise UnreadableFileError(_missing_message(self.unit, missing, list(found.more)))

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        return python_rows(spark, files, file_format=self, ingested_at=ingested_at)


def _missing_message(unit: str, missing: Sequence[str], unclaimed: Sequence[str]) -> str:
    hints = [
        f"{close!r} is there instead of {name!r}"
        for name in missing
        if (close := closest_name(name, unclaimed)) is not None
    ]
    hint = f" ({', '.join(hints)}?)" if hints else ""
    return f"no {unit} has {', '.join(map(repr, missing))}{hint}"
