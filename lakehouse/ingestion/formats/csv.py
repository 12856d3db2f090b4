"""CSV: text with a header, its columns found by name; every value comes as a string."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.compression import compression_of
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_exact_reader import ROW_STARTS
from lakehouse.ingestion.formats.csv_inspection import inspect_csv
from lakehouse.ingestion.formats.csv_parts import CsvInParts
from lakehouse.ingestion.formats.csv_reader import METADATA_COLUMNS, CsvReader, raw_schema
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.parts import InspectionInParts
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection
from lakehouse.words import word

__all__ = ["CsvFormat"]


@word("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFormat(FileFormat):
    """CSV (RFC 4180), plain or compressed; each file's header has at least these columns, in any order."""

    inspected_in_tasks: ClassVar[bool] = True

    columns: tuple[str, ...]
    delimiter: str = ","
    """One or more characters."""
    encoding: str = "utf-8"
    """A name that Python knows, such as ``utf-16`` or ``latin-1``."""
    optional: tuple[str, ...] = ()
    """Those of the columns that a file may lack; they are NULL in its rows."""

    def problems(self) -> Sequence[InvalidFormatError]:
        problem = self._dialect.problem()
        return [*([problem] if problem else []), *self._problems_of_columns()]

    def schema(self) -> StructType:
        return raw_schema(self.columns)

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        return inspect_csv(stream, name=name, required=self._required, dialect=self._dialect)

    def in_parts(self, *, name: str, size_bytes: int) -> InspectionInParts | None:
        if compression_of(name) is not None or not self._dialect.is_utf8:
            return None
        look = CsvInParts(name=name, required=self._required, dialect=self._dialect, size_bytes=size_bytes)
        return look if len(look.parts()) > 1 else None

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        return CsvReader(columns=self.columns, dialect=self._dialect).read(
            spark, files, ingested_at=ingested_at
        )

    def with_care(self, found: Accepted) -> Accepted:
        facts = {name: fact for name, fact in found.facts.items() if name != ROW_STARTS}
        return dataclasses.replace(found, facts={**facts, "plain": False})

    @property
    def _required(self) -> tuple[str, ...]:
        return tuple(column for column in self.columns if column not in self.optional)

    @property
    def _dialect(self) -> CsvDialect:
        return CsvDialect(delimiter=self.delimiter, encoding=self.encoding)

    def _problems_of_columns(self) -> list[InvalidFormatError]:
        problems = []
        if unknown := [name for name in self.optional if name not in self.columns]:
            problem = f"the column {unknown[0]!r} is optional, and is none of the columns"
            problems.append(
                InvalidFormatError(problem=problem, fix=f"add {unknown[0]!r} to the columns, or take it out.")
            )
        taken: dict[str, str] = {name.lower(): name for name in METADATA_COLUMNS}
        for name in self.columns:
            if (other := taken.get(name.lower())) is not None:
                problem = f"the column {name!r} can't stand beside {other!r} in one table"
                problems.append(InvalidFormatError(problem=problem, fix="leave one of them out."))
            taken[name.lower()] = name
        return problems
