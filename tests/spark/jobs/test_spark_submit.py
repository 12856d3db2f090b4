"""The retail job under spark-submit: with the properties file it runs, without it says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from job_programs import ROOT, SPARK_HOME, environment, ran
from pyspark.sql import SparkSession
from whole_warehouses import differences, names_of

from lakehouse.pipelines import PipelineDefinition, run_pipeline

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(2000)]

SUBMIT = SPARK_HOME / "bin" / "spark-submit"
PROPERTIES = ("--properties-file", "conf/spark-defaults.conf")


def test_the_job_gives_what_the_same_definition_gives_here(
    spark: SparkSession, retail_job: PipelineDefinition, landing: Path, warehouse: Path, tmp_path: Path
) -> None:
    submitted = tmp_path / "submitted"
    job = ["jobs/retail.py", "--warehouse", str(submitted), "--set", f"landing={landing}"]
    answer = ran([SUBMIT, "--master", "local[2]", *PROPERTIES, *job], cwd=ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    result = run_pipeline(retail_job, spark=spark, warehouse=warehouse, variables={"landing": str(landing)})
    assert not result.failures
    assert "silver/sales_quarantine" in names_of(submitted)
    assert differences(spark, submitted, warehouse) == {}


def test_without_the_properties_file_one_line_names_it(tmp_path: Path) -> None:
    job = ["jobs/retail.py", "--warehouse", str(tmp_path / "w")]
    answer = ran([SUBMIT, "--master", "local[1]", *job], cwd=ROOT)
    assert answer.returncode == 2
    # spark-submit prints what the job prints, both of its streams, to its own standard output.
    told = [line for line in answer.stdout.splitlines() if line.startswith("error:")]
    assert len(told) == 1
    assert "Fix: start it with 'spark-submit --properties-file conf/spark-defaults.conf'" in told[0]
    assert not (tmp_path / "w").exists()


def test_a_failing_job_fails_its_spark_submit(tmp_path: Path) -> None:
    read_only = tmp_path / "file"
    read_only.write_text("a file where the warehouse should be")
    job = ["jobs/retail.py", "--warehouse", str(read_only)]
    answer = ran([SUBMIT, "--master", "local[1]", *PROPERTIES, *job], cwd=ROOT, env=environment())
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert str(read_only) in answer.stdout + answer.stderr
