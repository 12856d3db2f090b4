"""``format("lakehouse")`` reads what Delta on Spark writes, and writes what it reads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.tables import register_data_source

pytestmark = pytest.mark.spark

TYPES = """
    SELECT CAST(id AS int) AS i, CAST(id % 2 AS string) AS part, CAST(id AS decimal(20,4)) AS d,
           TIMESTAMP'2024-01-01 00:00:00.123456' AS t, DATE'1999-12-31' AS day, array(id, NULL) AS many,
           named_struct('x', id) AS one, map('k', id) AS pairs, X'00FF' AS bytes, id % 2 = 0 AS even, 0.5D AS half
    FROM range(5)
"""


@pytest.fixture(scope="module", autouse=True)
def registered(spark: SparkSession) -> None:
    register_data_source(spark)


def rows_of(frame: DataFrame) -> Counter[str]:
    return Counter(repr(row) for row in frame.collect())


def test_it_writes_what_delta_and_delta_rs_read_and_reads_what_they_write(
    spark: SparkSession, warehouse: Path
) -> None:
    path, rows = str(warehouse / "t"), spark.sql(TYPES)
    mapped = {"delta.columnMapping.mode": "name", "delta.enableDeletionVectors": "true"}
    once = {"txnAppId": "app", "txnVersion": "1"}
    for _ in range(2):
        created = {"partitionBy": "part", "properties": json.dumps(mapped)}
        rows.write.format("lakehouse").options(**created, **once).mode("append").save(path)
    first = Snapshot.load(path)
    assert (first.version, first.partition_columns) == (0, ("part",))
    rows.write.format("delta").mode("append").save(path)
    spark.sql(f"DELETE FROM delta.`{path}` WHERE i = 3")
    ours, theirs = (spark.read.format(name).load(path) for name in ("lakehouse", "delta"))
    assert ours.schema == theirs.schema
    both = rows_of(theirs)
    assert rows_of(ours) == both
    assert both.total() == 8
    before = spark.read.format("lakehouse").option("versionAsOf", 0).load(path)
    assert rows_of(before) == rows_of(rows)


def test_it_adds_columns_and_replaces_them(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "t")
    rows = spark.range(2).coalesce(1)
    rows.write.format("lakehouse").mode("append").save(path)
    more = rows.selectExpr("id", "'new' AS more")
    more.write.format("lakehouse").option("mergeSchema", "true").mode("append").save(path)
    by_delta_rs = DeltaTable(path).to_pyarrow_table().to_pylist()
    assert Counter(map(repr, by_delta_rs)) == Counter(
        repr({"id": number, "more": text}) for number in range(2) for text in (None, "new")
    )
    other = rows.selectExpr("'x' AS only")
    other.write.format("lakehouse").option("overwriteSchema", "true").mode("overwrite").save(path)
    assert DeltaTable(path).to_pyarrow_table().to_pylist() == [{"only": "x"}] * 2
    assert len(DeltaTable(path).file_uris()) == 1


def test_a_write_that_fails_leaves_neither_a_version_nor_a_file(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "t")
    spark.range(3).write.format("lakehouse").mode("append").save(path)
    before = sorted(warehouse.rglob("*"))
    with pytest.raises(PySparkException, match="is relative"):
        spark.read.format("lakehouse").load("a/relative/path")
    wrong = spark.range(3).selectExpr("id AS other")
    with pytest.raises(PySparkException, match="'other' is unknown"):
        wrong.write.format("lakehouse").mode("append").save(path)
    failing = spark.range(4, numPartitions=2).selectExpr("IF(id = 3, 1 DIV (id - 3), id) AS id")
    with pytest.raises(PySparkException, match="DIVIDE_BY_ZERO"):
        failing.write.format("lakehouse").mode("append").save(path)
    assert sorted(warehouse.rglob("*")) == before
