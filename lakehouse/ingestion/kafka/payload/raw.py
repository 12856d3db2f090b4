"""The bytes of a record as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.ingestion.kafka.payload.interface import ERRORS, RESCUED, VALUE, Payload
from lakehouse.words import word

__all__ = ["RawPayload"]


@word("raw")
@dataclass(frozen=True, slots=True, kw_only=True)
class RawPayload(Payload):
    """Bytes, in the column ``value``."""

    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        return {"value": pa.binary()}

    def rows(self, records: DataFrame) -> DataFrame:
        others = [name for name in records.columns if name != VALUE]
        return records.select(
            F.col(VALUE).alias("value"),
            *others,
            F.lit(None).cast("string").alias(RESCUED),
            F.lit(None).cast("array<struct<rule:string,message:string>>").alias(ERRORS),
        )
