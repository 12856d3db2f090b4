"""CSV: text with a header, its columns found by name; every value comes as a string."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.compression import compression_of, decompressed, members
from lakehouse.ingestion.formats.csv_arrow_reader import OddRow, plain_batches
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_exact_reader import ROW_STARTS
from lakehouse.ingestion.formats.csv_header import ExpectedHeader
from lakehouse.ingestion.formats.csv_inspection import inspect_csv
from lakehouse.ingestion.formats.csv_parts import CsvInParts
from lakehouse.ingestion.formats.csv_reader import CsvReader
from lakehouse.ingestion.formats.csv_rows import CsvRows
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.parts import InspectionInParts
from lakehouse.ingestion.formats.raw_rows import raw_schema
from lakehouse.ingestion.formats.records import columns_of, problems_of_columns
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection
from lakehouse.words import word

__all__ = ["CsvFormat"]

_SMALL_BYTES = 64 << 20


@word("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFormat(FileFormat):
    """CSV (RFC 4180), plain or compressed; each file's header has at least these columns, in any order."""

    inspected_in_tasks: ClassVar[bool] = True
    reads_without_spark: ClassVar[bool] = True

    columns: tuple[str, ...] = ()
    delimiter: str = ","
    """One or more characters."""
    encoding: str = "utf-8"
    """A name that Python knows, such as ``utf-16`` or ``latin-1``."""
    optional: tuple[str, ...] = ()
    """Those of the columns that a file may lack; they are NULL in its rows."""
    quote: str = '"'
    """One character; empty where no field is quoted."""
    escape: str = ""
    """A character that takes what follows it as it is, such as a backslash; empty: there is none."""
    comment: str = ""
    """What lines begin with that are left out; empty: none are."""
    header: tuple[str, ...] = ()
    """The names of the fields in their order, for files without a header."""
    older_shapes: bool = False
    """Whether a file with nothing but some of the columns is one from before the others came: they are NULL."""
    nulls: tuple[str, ...] = ()
    """Words that stand for NULL, quoted or not, beside a field that is empty."""

    def __post_init__(self) -> None:
        for name in ("columns", "optional", "header", "nulls"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def problems(self) -> Sequence[InvalidFormatError]:
        problem = self._dialect.problem()
        return [*([problem] if problem else []), *self._problems_of_columns()]

    def schema(self) -> StructType:
        return raw_schema(self.columns)

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        return inspect_csv(stream, name=name, expected=self._expected, dialect=self._dialect)

    def in_parts(self, *, name: str, size_bytes: int) -> InspectionInParts | None:
        if compression_of(name) is not None or not self._dialect.is_utf8 or not self._dialect.is_common:
            return None
        look = CsvInParts(name=name, expected=self._expected, dialect=self._dialect, size_bytes=size_bytes)
        return look if len(look.parts()) > 1 else None

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        return CsvReader(columns=self.columns, dialect=self._dialect).read(
            spark, files, ingested_at=ingested_at
        )

    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        return dict.fromkeys(self.columns, pa.string())

    def batches(self, stream: BinaryIO, *, name: str, found: Accepted) -> Iterator[pa.RecordBatch]:
        header = found.facts["header"]
        if found.facts.get("plain") and set(header) <= set(self.columns) and _is_small(stream, name):
            try:
                # All of it before the first is given: an odd row leaves the whole file to the exact rules.
                yield from list(self._plain_batches(stream, name, header))
            except OddRow:
                stream.seek(0)
            else:
                return
        rows = CsvRows(columns=self.columns, dialect=self._dialect, header=header)
        for member in members(stream, name):
            yield from rows.batches(member)

    def _plain_batches(self, stream: BinaryIO, name: str, header: Sequence[str]) -> Iterator[pa.RecordBatch]:
        content = decompressed(stream, name)
        return plain_batches(content, columns=self.columns, header=header, delimiter=self.delimiter)

    def more_columns(self, found: Accepted) -> Mapping[str, str]:
        return {name: "string" for name in found.facts["header"] if name not in self.columns}

    def missing_columns(self, found: Accepted) -> Sequence[str]:
        return [name for name in self._required if name not in found.facts["header"]]

    def with_columns(self, more: Mapping[str, str]) -> FileFormat:
        columns, optional = (*self.columns, *more), (*self.optional, *more)
        return dataclasses.replace(self, columns=columns, optional=optional)

    def without_required(self) -> FileFormat:
        return dataclasses.replace(self, optional=self.columns)

    def with_older_shapes(self) -> FileFormat:
        return dataclasses.replace(self, older_shapes=True)

    def options(self) -> Mapping[str, Any]:
        declared = dataclasses.replace(self, older_shapes=False)  # a write mode says it
        return FileFormat.options(declared)

    def with_care(self, found: Accepted) -> Accepted:
        facts = {name: fact for name, fact in found.facts.items() if name != ROW_STARTS}
        return dataclasses.replace(found, facts={**facts, "plain": False})

    @property
    def _required(self) -> tuple[str, ...]:
        return tuple(column for column in self.columns if column not in self.optional)

    @property
    def _expected(self) -> ExpectedHeader:
        return ExpectedHeader(columns=self.columns, required=self._required, older_shapes=self.older_shapes)

    @property
    def _dialect(self) -> CsvDialect:
        return CsvDialect(
            delimiter=self.delimiter,
            encoding=self.encoding,
            quote=self.quote,
            escape=self.escape,
            comment=self.comment,
            header=self.header,
            nulls=self.nulls,
        )

    def _problems_of_columns(self) -> list[InvalidFormatError]:
        problems = problems_of_columns(columns_of(self.columns), self.optional)
        missing = [name for name in self._required if self.header and name not in self.header]
        if missing:
            problem = f"the column {missing[0]!r} is not in the header that is given"
            problems.append(
                InvalidFormatError(problem=problem, fix="make it optional, or add it to the header.")
            )
        return problems


def _is_small(stream: BinaryIO, name: str) -> bool:
    """Say whether the rows of a file fit in memory together."""
    if not stream.seekable():
        return False
    size_bytes = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size_bytes <= (_SMALL_BYTES if compression_of(name) is None else _SMALL_BYTES // 10)
