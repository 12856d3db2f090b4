"""The schema of raw rows: a format's own columns, then where each row comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

__all__ = ["raw_schema", "raw_schema_of"]


def raw_schema(columns: Sequence[str]) -> StructType:
    """Return the schema of rows whose own columns are strings."""
    return raw_schema_of(dict.fromkeys(columns, pa.string()))


def raw_schema_of(columns: Mapping[str, pa.DataType]) -> StructType:
    """Return the schema of rows with these columns, then the metadata columns."""
    own = [StructField(name, from_arrow_type(held)) for name, held in columns.items()]
    return StructType(
        [
            *own,
            StructField("_source_file", StringType()),
            StructField("_ingested_at", TimestampType()),
            StructField("_rescued_data", StringType()),
        ]
    )
