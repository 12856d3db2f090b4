"""A session of a Spark Connect server with Delta, from a process that has no Java."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable
from retail.connect_server import connect_server

pytestmark = [pytest.mark.spark, pytest.mark.slow]

CLIENT = """
import sys
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
spark = SparkSessionFactory(Settings(spark=SparkSettings(remote=sys.argv[1]))).create("client")
spark.range(5).write.format("delta").save(sys.argv[2])
print(type(spark).__module__, spark.read.format("delta").load(sys.argv[2]).count())
print(spark.conf.get("spark.sql.session.timeZone"))
"""

DATA_SOURCE = """
import sys
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import register_data_source
spark = SparkSessionFactory(Settings(spark=SparkSettings(remote=sys.argv[1]))).create("client")
register_data_source(spark)
for _ in range(2):
    spark.range(5).write.format("lakehouse").mode("append").save(sys.argv[2])
rows = spark.read.format("lakehouse").load(sys.argv[2])
print(type(spark).__module__, rows.count(), spark.read.format("delta").load(sys.argv[2]).where("id = 3").count())
"""


def test_the_data_source_reads_and_writes_over_connect(tmp_path: Path) -> None:
    with connect_server(tmp_path) as remote:
        answer = subprocess.run(
            [sys.executable, "-c", DATA_SOURCE, remote, str(tmp_path / "table")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == ["pyspark.sql.connect.session 10 2"]
    assert DeltaTable(tmp_path / "table").to_pyarrow_table().num_rows == 10


def test_a_client_without_java_reads_and_writes_delta(tmp_path: Path) -> None:
    with connect_server(tmp_path) as remote:
        answer = subprocess.run(
            [sys.executable, "-c", CLIENT, remote, str(tmp_path / "table")],
            env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines() == ["pyspark.sql.connect.session 5", "UTC"]
    assert (tmp_path / "table" / "_delta_log" / "00000000000000000000.json").exists()
