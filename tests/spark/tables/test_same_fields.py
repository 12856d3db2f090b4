"""Rows come in the columns of their table, and their structs in its fields, whatever order they bring them in."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lakehouse.tables import with_columns_of

pytestmark = pytest.mark.spark


def test_fields_go_by_name_and_are_null_where_rows_lack_them(spark: SparkSession) -> None:
    held = spark.sql(
        "SELECT 1 AS id, struct('' AS a, '' AS b) AS s, array(struct('' AS a, 1 AS n)) AS l, "
        "map(struct('' AS a, '' AS b), struct('' AS v)) AS m, DATE'2024-01-01' AS day"
    ).schema
    rows = spark.sql(
        "SELECT struct('y' AS B, 'x' AS a, 'new' AS c) AS s, 1 AS ID, array(struct('x' AS a), NULL) AS l, "
        "map(struct('y' AS b, 'x' AS a), struct('new' AS w)) AS m, 'more' AS more "
        "UNION ALL SELECT NULL, 2, NULL, NULL, NULL"
    )
    found = with_columns_of(held, rows)
    assert found.columns == ["id", "s", "l", "m", "day", "more"]
    assert found.schema["s"].dataType.simpleString() == "struct<a:string,b:string,c:string>"
    first, second = found.collect()
    assert tuple(second) == (2, None, None, None, None, None)
    assert tuple(first["s"]) == ("x", "y", "new")
    assert first["l"][1] is None
    assert tuple(first["l"][0]) == ("x", None)
    assert {tuple(key): tuple(value) for key, value in first["m"].items()} == {("x", "y"): (None, "new")}
    assert (first["day"], first["more"]) == (None, "more")
    assert with_columns_of(rows.schema, rows) is rows
