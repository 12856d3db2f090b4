"""Fields within columns that a table lacks are left out of the rows, wherever they are, and their values are told."""

from __future__ import annotations

import json

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from lakehouse.quality import Contract, fitted, judge
from lakehouse.source_location import caller_location

pytestmark = pytest.mark.spark

HELD = "id int, s struct<a: int, deep: struct<b: int>>, l array<struct<a: int>>, m map<string, struct<a: bigint>>"
FOUND = """
    SELECT 1 AS id, named_struct('deep', named_struct('b', 1, 'x', 'new'), 'A', 1) AS s,
           array(named_struct('a', '1', 'y', CAST(NULL AS INT))) AS l,
           map('k', named_struct('a', 1L, 'z', CAST(NULL AS INT))) AS m
    UNION ALL SELECT 2, named_struct('deep', named_struct('b', 2, 'x', NULL), 'A', 2), array(NULL), map('k', NULL)
    UNION ALL SELECT 3, NULL, array(named_struct('a', 'no', 'y', 3)), map('k', named_struct('a', 3L, 'z', 3))
    UNION ALL SELECT 4, NULL, NULL, NULL
"""
WRITTEN = [
    {"id": 1, "s": {"a": 1, "deep": {"b": 1}}, "l": [{"a": 1}], "m": {"k": {"a": 1}}},
    {"id": 2, "s": {"a": 2, "deep": {"b": 2}}, "l": [None], "m": {"k": None}},
    {"id": 3, "s": None, "l": None, "m": {"k": {"a": 3}}},
    {"id": 4, "s": None, "l": None, "m": None},
]


def test_fields_are_left_out_and_rows_with_a_value_in_one_are_told(spark: SparkSession) -> None:
    frame, held = spark.sql(FOUND), StructType.fromDDL(HELD)
    fit = fitted(Contract.of({"columns": "discard_value", "data_type": "rescue"}), held, frame.schema)
    assert not fit.refused
    rows = [row.asDict(recursive=True) for row in fit.applied(frame).collect()]
    rescued = [row.pop("_rescued_data") for row in rows]
    assert rows == WRITTEN
    assert [each and json.loads(each) for each in rescued] == [None, None, {"l": [{"a": "no", "y": 3}]}, None]

    fit = fitted(Contract.of("quarantine"), held, frame.schema)
    judgement = judge(fit.applied(frame), fit.expectations(location=caller_location()), look_ups=fit.marks)
    assert [row["id"] for row in judgement.kept().collect()] == [2, 4]
    broken = {
        row["id"]: [each["rule"] for each in row["_errors"]] for row in judgement.quarantined().collect()
    }
    assert broken == {1: ["contract(s.*)"], 3: ["contract(l.*)", "contract(m.*)", "contract(l)"]}
