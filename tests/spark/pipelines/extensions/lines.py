"""A file format from outside: one row a line of text."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.ingestion import Accepted, FileFormat, Inspection, Rejected
from lakehouse.pipelines import word


@word("lines")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinesFormat(FileFormat):
    """Text; a file that holds ``forbidden`` is rejected."""

    forbidden: str = "\0"

    def schema(self) -> StructType:
        return StructType().add("line", "string").add("_source_file", "string")

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        text = stream.read()
        digest = hashlib.sha256(text).hexdigest()
        if self.forbidden.encode() in text:
            return Rejected(reason=f"it holds {self.forbidden!r}", digest=digest)
        return Accepted(digest=digest, facts={"lines": text.count(b"\n")})

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        if not files:
            return spark.createDataFrame([], self.schema())
        rows = spark.read.text(list(files))
        return rows.select(F.col("value").alias("line"), F.col("_metadata.file_path").alias("_source_file"))
