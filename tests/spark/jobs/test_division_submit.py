"""The division job under spark-submit, whose Python workers run its functions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from job_programs import ROOT, SPARK_HOME, environment, ran
from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_division_job_runs_under_spark_submit(spark: SparkSession, tmp_path: Path) -> None:
    given = environment(PYSPARK_DRIVER_PYTHON=sys.executable)
    del given["PYSPARK_PYTHON"]  # the job itself sees to its workers' Python
    submit = [SPARK_HOME / "bin" / "spark-submit", "--master", "local[2]"]
    options = ["--properties-file", "conf/spark-defaults.conf"]
    answer = ran([*submit, *options, "jobs/division.py", "--warehouse", tmp_path], cwd=ROOT, env=given)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    costs = spark.read.format("delta").load(str(tmp_path / "gold" / "invoice_costs"))
    whole = costs.where("shipping_parts = shipping AND discount_parts = discount").count()
    assert whole == costs.count() > 1000
