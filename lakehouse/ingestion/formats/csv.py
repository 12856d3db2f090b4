"""CSV: text with a header, its columns found by name; every value comes as a string."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.formats.csv_inspection import inspect_csv
from lakehouse.ingestion.formats.csv_reader import raw_schema, read_csv_files
from lakehouse.ingestion.formats.interface import Accepted, FileFormat, Inspection
from lakehouse.words import word

__all__ = ["CsvFormat"]

_COMPRESSED = ".gz"


@word("csv")
@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFormat(FileFormat):
    """CSV (RFC 4180) in UTF-8, plain or as gzip; each file's header has at least these columns, in any order."""

    columns: tuple[str, ...]
    delimiter: str = ","

    def schema(self) -> StructType:
        return raw_schema(self.columns)

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        compressed = name.endswith(_COMPRESSED)
        return inspect_csv(stream, columns=self.columns, compressed=compressed, delimiter=self.delimiter)

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        return read_csv_files(
            spark, files, columns=self.columns, delimiter=self.delimiter, ingested_at=ingested_at
        )
