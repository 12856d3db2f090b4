"""Plain types are read without a session; what depends on one, or is wrong, is left to Spark."""

from __future__ import annotations

import pytest
from pyspark.sql.types import DecimalType, IntegerType, StringType, StructField, StructType, TimestampNTZType

from lakehouse.quality import as_struct
from lakehouse.quality.plain_types import plain_type


def test_a_mapping_of_plain_types_needs_no_session() -> None:
    given = {"a": "int", "b": " Decimal( 10 , 2 ) ", "c": "STRING", "d": "timestamp_ntz"}
    types = [IntegerType(), DecimalType(10, 2), StringType(), TimestampNTZType()]
    fields = [StructField(name, each) for name, each in zip(given, types, strict=True)]
    assert as_struct(given) == StructType(fields)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp",  # with or without a zone as the session says
        "a int",  # a struct
        "decimal(39,0)",
        "decimal(2,3)",
        "decimal(0,0)",
        "decimal(10,2,1)",
        "string collate unicode",
        "char(3)",
        "array<int>",
        "in t",
        "",
    ],
)
def test_everything_else_is_left_to_the_session(text: str) -> None:
    assert plain_type(text) is None
