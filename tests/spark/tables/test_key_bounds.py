"""The ranges of keys that Spark finds, beside those that Python finds in the same rows."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta_log import Separation
from lakehouse.tables import KeyRange, bounds_of_keys

pytestmark = pytest.mark.spark

SCHEMA = (
    "i int, l long, s string, b boolean, f float, x double, n decimal(38,10), d date, t timestamp,"
    " w timestamp_ntz, bytes binary, a array<int>"
)
MOMENT = dt.datetime(2024, 3, 31, 2, 30, 0, 123456)
ROWS: list[tuple[Any, ...]] = [
    (1, 2**60, "é", True, 0.5, -0.0, Decimal("1.0000000001"), dt.date(2024, 1, 1), MOMENT, MOMENT, b"a", [1]),
    (
        2,
        -(2**60),
        "\U0001f600",
        False,
        1.5,
        math.nan,
        Decimal("-9e20"),
        dt.date(1500, 1, 1),
        MOMENT,
        MOMENT,
        b"b",
        [],
    ),
    (None, None, "x" * 100, None, None, 1e300, None, dt.date(9999, 12, 31), None, None, None, None),
    (90, 0, None, True, 7.0, 2.0, Decimal(5), None, MOMENT, dt.datetime(1, 1, 1), b"", [2]),
]


def test_each_type_has_its_exact_range_and_what_has_no_order_is_left_out(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")  # where 02:30 of that day is no time
    try:
        rows = spark.createDataFrame(ROWS, SCHEMA)
        columns = [*rows.columns]
        found = bounds_of_keys(rows, columns, held=rows.schema, separation=None)
        moment = rows.selectExpr("unix_micros(min(t))").first()[0]  # type: ignore[index]
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert found.row_count == 4
    (ranges,) = found.groups
    zoned = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=moment)
    expected = {
        "i": (1, 90, True),
        "l": (-(2**60), 2**60, True),
        "s": ("x" * 100, "\U0001f600", True),
        "b": (False, True, True),
        "f": (0.5, 7.0, True),
        "n": (Decimal("-9e20"), Decimal(5), True),
        "d": (dt.date(1500, 1, 1), dt.date(9999, 12, 31), True),
        "t": (zoned, zoned, True),
        "w": (dt.datetime(1, 1, 1), MOMENT, True),
    }
    assert ranges == {
        name: KeyRange(smallest=low, largest=high, has_null=has_null)
        for name, (low, high, has_null) in expected.items()
    }


def test_values_that_python_can_not_hold_and_columns_of_another_type_are_left_out(
    spark: SparkSession,
) -> None:
    rows = spark.sql(
        "SELECT 1 AS i, date_add(DATE'9999-12-31', 5) AS d, timestamp_micros(9000000000000000000) AS t,"
        " CAST(X'FF' AS string) AS s, 'a' COLLATE UTF8_LCASE AS c"
    )
    held = rows.selectExpr("CAST(i AS long) AS i", "d", "t", "s", "c").schema
    found = bounds_of_keys(rows, rows.columns, held=held, separation=None)
    assert (found.row_count, found.groups) == (1, [{}])


def test_rows_are_grouped_by_the_values_that_separate_the_files(spark: SparkSession) -> None:
    rows = spark.range(100).selectExpr("id", "CAST(id * 2 AS int) AS twice", "CAST(NULL AS int) AS nothing")
    cuts = Separation(path=("twice",), cuts=(0, 50, 100, 150), share=0.1)
    found = bounds_of_keys(
        rows.where("id IN (3, 26, 49, 60, 99)"), rows.columns, held=rows.schema, separation=cuts
    )
    groups = sorted((group["id"].smallest, group["id"].largest) for group in found.groups)
    assert groups == [(3, 3), (26, 49), (60, 60), (99, 99)]
    nothing = KeyRange(smallest=None, largest=None, has_null=True)
    assert all(group["nothing"] == nothing for group in found.groups)
    empty = bounds_of_keys(rows.where("id < 0"), rows.columns, held=rows.schema, separation=cuts)
    assert (empty.row_count, list(empty.groups)) == (0, [])
