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


def test_it_reads_what_delta_writes_in_every_layout(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "t")
    writer = spark.sql(TYPES).write.format("delta").partitionBy("part")
    mapped = {"delta.columnMapping.mode": "name", "delta.enableDeletionVectors": "true"}
    writer.options(**mapped).save(path)
    spark.sql(f"DELETE FROM delta.`{path}` WHERE i = 3")
    ours, theirs = (spark.read.format(name).load(path) for name in ("lakehouse", "delta"))
    assert ours.schema == theirs.schema
    assert rows_of(ours) == rows_of(theirs)
    first = spark.read.format("lakehouse").option("versionAsOf", 0).load(path)
    assert first.where("i = 3").select("part").collect() == [("1",)]


def test_it_writes_what_delta_and_delta_rs_read(spark: SparkSession, warehouse: Path) -> None:
    path, rows = str(warehouse / "t"), spark.sql(TYPES)
    created = {"partitionBy": "part", "properties": json.dumps({"delta.enableDeletionVectors": "true"})}
    once = {"txnAppId": "app", "txnVersion": "1"}
    for _ in range(2):
        rows.write.format("lakehouse").options(**created, **once).mode("append").save(path)
    assert rows_of(spark.read.format("delta").load(path)) == rows_of(rows)
    assert Snapshot.load(path).version == 0
    assert Snapshot.load(path).partition_columns == ("part",)
    more = rows.selectExpr("*", "'new' AS more")
    more.write.format("lakehouse").option("mergeSchema", "true").mode("append").save(path)
    assert rows_of(spark.read.format("delta").load(path).where("more = 'new'")) == rows_of(more)
    rows.limit(1).write.format("lakehouse").option("overwriteSchema", "true").mode("overwrite").save(path)
    assert rows_of(spark.read.format("delta").load(path)) == rows_of(rows.limit(1))
    live = {file.rpartition("/")[2] for file in DeltaTable(path).file_uris()}
    assert len(live) == 1


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
