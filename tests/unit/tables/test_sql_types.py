"""A type's text names its fields as Spark SQL reads them."""

from __future__ import annotations

from pyspark.sql.types import ArrayType, IntegerType, LongType, MapType, StringType, StructField, StructType

from lakehouse.tables import sql_type


def test_fields_that_are_no_plain_names_are_quoted_however_deep() -> None:
    line = StructType([StructField("unit-price", IntegerType()), StructField("a`b", StringType())])
    nested = StructType([StructField("lines", ArrayType(MapType(StringType(), line)))])
    assert sql_type(nested) == "struct<lines:array<map<string,struct<`unit-price`:int,`a``b`:string>>>>"


def test_plain_types_are_as_spark_calls_them() -> None:
    plain = StructType([StructField("a", LongType()), StructField("b", ArrayType(StringType()))])
    for each in (LongType(), plain):
        assert sql_type(each) == each.simpleString()
