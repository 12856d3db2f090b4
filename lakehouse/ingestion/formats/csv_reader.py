"""Inspected CSV files as one frame of strings, each column found by its name in each file's own header."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.ingestion.formats.compression import compression_of
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_exact_reader import exact_rows
from lakehouse.ingestion.formats.raw_rows import raw_schema
from lakehouse.ingestion.formats.rescue import MALFORMED_ROW
from lakehouse.ingestion.formats.verdicts import Accepted
from lakehouse.tables import has_delta, literal_path

__all__ = ["CsvReader"]

_MALFORMED = "malformed"
_MAX_COLUMNS = 20_480
_FEW_FILES = 32
"""As many files are listed by Spark's own reader without a job of its own."""
_UNPACKED = 10
"""How many times as large the content of a compressed file is, about."""
_SMALL_BYTES = 64 << 10
"""Spark's own reader takes longer to list and open such a file than the exact one to read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvReader:
    """Reads files into one frame of ``raw_schema(columns)``; nothing is dropped, and an empty field is NULL.

    ``_rescued_data`` is JSON of what the columns don't cover: values of further columns by name, and as
    ``_malformed_row`` the whole text of a row with more or fewer fields than its header. A column that a file
    does not have is NULL in its rows.
    """

    columns: Sequence[str]
    dialect: CsvDialect

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        """Read the files (path to inspection): by Spark's own reader or by the exact one, whose rows are the same."""
        plain, others = _shared_out(files, stores=has_delta(spark))
        frames = [self._plain_rows(spark, paths, header) for header, paths in plain.items()]
        if others:
            frames.append(exact_rows(spark, others, columns=self.columns, dialect=self.dialect))
        if not frames:
            return spark.createDataFrame([], raw_schema(self.columns))
        ingested = F.lit(ingested_at).cast("timestamp").alias("_ingested_at")
        return reduce(DataFrame.unionByName, frames).select("*", ingested).select(*self._in_order())

    def _plain_rows(self, spark: SparkSession, paths: list[str], header: tuple[str, ...]) -> DataFrame:
        # Spark resolves names regardless of case, and has some of its own: columns go by their position.
        at = {name: f"c{position}" for position, name in enumerate(header)}
        fields = [StructField(name, StringType()) for name in (*at.values(), _MALFORMED)]
        reader = spark.read.schema(StructType(fields)).options(
            header=True,
            sep=self.dialect.delimiter,
            quote='"',
            escape='"',  # a quote within quotes is doubled (RFC 4180); Spark's default is a backslash
            mode="PERMISSIVE",
            columnNameOfCorruptRecord=_MALFORMED,
            encoding="UTF-8",
        )
        columns = [
            (F.col(at[name]) if name in at else F.lit(None).cast("string")).alias(name)
            for name in self.columns
        ]
        extra = {name: at[name] for name in header if name not in self.columns}
        return reader.csv(paths).select(
            *columns,
            F.col("_metadata.file_path").alias("_source_file"),
            _rescued(extra).alias("_rescued_data"),
        )

    def _in_order(self) -> list[Column]:
        return [F.col(f"`{name.replace('`', '``')}`") for name in raw_schema(self.columns).names]


def _shared_out(
    files: Mapping[str, Accepted], *, stores: bool
) -> tuple[Mapping[tuple[str, ...], list[str]], Mapping[str, Accepted]]:
    """Return the paths for Spark's own reader, by header, and the files that are read exactly.

    ``stores``: whether Spark can open files in a store, for which a session without jars has none of its own.
    """
    plain = {
        path: found
        for path, found in files.items()
        if _is_plain(found) and (stores or "://" not in path or path.startswith("file:"))
    }
    small = {path for path, found in plain.items() if _is_small(path, found)}
    if len(small) <= _FEW_FILES:
        small = set()
    by_header: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, found in plain.items():
        if path not in small:
            by_header[tuple(found.facts["header"])].append(literal_path(path))
    return by_header, {path: found for path, found in files.items() if path in small or path not in plain}


def _is_plain(found: Accepted) -> bool:
    return found.facts.get("plain", False) and len(found.facts["header"]) < _MAX_COLUMNS


def _is_small(path: str, found: Accepted) -> bool:
    if found.size_bytes is None:
        return False
    unpacked = found.size_bytes * (1 if compression_of(path) is None else _UNPACKED)
    return unpacked <= _SMALL_BYTES


def _rescued(extra: Mapping[str, str]) -> Column:
    kept = [F.col(column).alias(name) for name, column in extra.items()]
    packed = F.to_json(F.struct(*kept, F.col(_MALFORMED).alias(MALFORMED_ROW)))
    return F.nullif(packed, F.lit("{}"))
