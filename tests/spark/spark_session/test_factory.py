"""The shared session is what SparkSessionFactory promises: Delta inside, small-machine defaults."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pyspark.errors import AnalysisException, ArithmeticException
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, udf

from lakehouse.spark_session import SparkSessionFactory

pytestmark = pytest.mark.spark


def test_the_session_writes_and_reads_delta(spark: SparkSession, warehouse: Path) -> None:
    spark.range(7).write.format("delta").save(str(warehouse / "t"))
    spark.range(7, 9).write.format("delta").mode("append").save(str(warehouse / "t"))
    rows = spark.read.format("delta").load(str(warehouse / "t")).collect()
    assert sorted(row.id for row in rows) == list(range(9))
    assert sorted(path.name for path in (warehouse / "t" / "_delta_log").glob("*.json")) == [
        "00000000000000000000.json",
        "00000000000000000001.json",
    ]


def test_the_session_speaks_utc_and_ansi(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def test_a_session_that_runs_is_given_back(spark: SparkSession) -> None:
    again = SparkSessionFactory.local(cores=2).create("another name")
    assert again.sparkContext.applicationId == spark.sparkContext.applicationId


def test_the_jars_on_the_class_path_are_only_those_that_spark_lacks(spark: SparkSession) -> None:
    jars = spark.sparkContext.getConf().get("spark.driver.extraClassPath", "")
    groups = {Path(jar).name.split("_")[0] for jar in jars.split(":")}
    assert groups == {"io.delta", "io.unitycatalog"}


def test_an_error_that_is_raised_is_not_printed_as_well(
    spark: SparkSession, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AnalysisException, match="nowhere"):
        spark.range(1).select(col("nowhere")).collect()
    with pytest.raises(ArithmeticException, match="DIVIDE_BY_ZERO"):
        spark.range(1).select(col("id") / 0).collect()
    assert capfd.readouterr().err == ""


def test_python_functions_run_in_this_interpreter(spark: SparkSession) -> None:
    where = udf(lambda _: sys.executable, "string")
    assert spark.range(1).select(where("id")).first()[0] == sys.executable
