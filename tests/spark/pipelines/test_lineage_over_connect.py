"""Lineage over Spark Connect, which shows its plans as texts only, is that of a session in this process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from retail.connect_server import connect_server

pytestmark = [pytest.mark.spark, pytest.mark.slow]

PIPELINE = """
import dataclasses, json
from pyspark.sql import Window, functions as F
from lakehouse.pipelines import DeclarativePipelineBuilder, from_rows, lineage_of, read, resolve

def ranked(frame):
    return frame.withColumn("n", F.row_number().over(Window.partitionBy("k").orderBy(F.desc("a"))))

def hidden(frame):
    return frame.select("k", "t").mapInPandas(lambda parts: parts, "k int, z bigint")

wide = {f"c{at}": "int" for at in range(60)}
raw = {"k": "int", "a": "int", "b": "int", "s": "string", **wide}
sums = read("ranked").where("n < 3").aggregate(by="k", t="sum(a) FILTER (WHERE b > 1)", m="max(n)")
pipeline = (
    DeclarativePipelineBuilder("p")
    .bronze("raw", from_rows([], columns=raw).replace())
    .bronze("other", from_rows([], columns={"k": "int", "v": "int"}).replace())
    .silver("ranked", read("raw").cast({"b": "string"}).transform(ranked).expect_or_drop("known", "s > ''").replace())
    .silver("joined", read("raw").join("other", on="k").sql(
        "WITH t AS (SELECT k, v, a FROM {input} WHERE a > (SELECT min(v) FROM {other})) "
        "SELECT x.k, y.v, if(x.a > 1, y.a, 0) AS c FROM t x JOIN t y ON x.k = y.k"
    ).replace())
    .gold("sums", sums.merge("k"))
    .gold("hidden", read("sums").transform(hidden).replace())
    .build()
)

def found(spark):
    resolution = resolve(pipeline.with_variables({}), spark)
    resolution.check()
    tables = lineage_of(resolution, spark).tables
    return json.dumps({
        name: {
            "columns": {column: list(map(str, edges)) for column, edges in table.columns.items()},
            "rows": list(map(str, table.rows)),
            "opaque": [each.label for each in table.opaque],
            "types": dict(table.types),
        }
        for name, table in tables.items()
    })
"""
CLIENT = f"""
{PIPELINE}
import sys
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
spark = SparkSessionFactory(Settings(spark=SparkSettings(remote=sys.argv[1]))).create("client")
before = spark.conf.get("spark.sql.debug.maxToStringFields")
print(type(spark).__module__)
print(found(spark))
print(spark.conf.get("spark.sql.debug.maxToStringFields") == before)
"""


def test_lineage_over_connect_is_that_of_a_session_of_this_process(
    spark: SparkSession, tmp_path: Path
) -> None:
    with connect_server(tmp_path) as remote:
        answer = subprocess.run(
            [sys.executable, "-c", CLIENT, remote],
            env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert answer.returncode == 0, answer.stderr
    module, over_connect, is_restored = answer.stdout.splitlines()
    assert (module, is_restored) == ("pyspark.sql.connect.session", "True")
    names: dict[str, Any] = {}
    exec(PIPELINE, names)
    here, there = json.loads(names["found"](spark)), json.loads(over_connect)
    assert there == here
    assert there["ranked"]["columns"]["c59"] == ["raw.c59 (identity)"]
    assert there["hidden"]["opaque"] == ["transform(hidden)"]
