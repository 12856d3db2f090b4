"""The retail job from a wheel, on a standalone cluster of two workers: the tables of a local run."""

from __future__ import annotations

import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from job_programs import ROOT, environment, ran, standalone_cluster
from pyspark.sql import SparkSession
from whole_warehouses import differences, names_of

from lakehouse.pipelines import PipelineDefinition, run_pipeline

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(2000)]

PROGRAM = """
import sys
import lakehouse
from lakehouse.cli import main
print("lakehouse is", lakehouse.__file__)
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def installed_wheel(tmp_path: Path) -> Path:
    """A folder with what the wheel installs: it has no code to build, so unpacking is installing."""
    built = ran(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"], cwd=ROOT
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("lakehouse-*-py3-none-any.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    return tmp_path / "site"


def test_a_cluster_gives_the_tables_of_a_local_run(
    spark: SparkSession,
    retail_job: PipelineDefinition,
    installed_wheel: Path,
    landing: Path,
    warehouse: Path,
    tmp_path: Path,
) -> None:
    project = tmp_path / "project"
    (project / "conf" / "environments").mkdir(parents=True)
    shutil.copytree(ROOT / "jobs", project / "jobs")
    shared = tmp_path / "shared"
    with standalone_cluster(tmp_path, workers=2) as master:
        (project / "conf" / "environments" / "two.yaml").write_text(
            f"spark:\n  master: {master}\n  conf:\n    spark.driver.host: 127.0.0.1\n"
            f"    spark.executor.memory: 600m\n    spark.sql.shuffle.partitions: 4\nwarehouse: {shared}\n"
        )
        answer = ran(
            [sys.executable, "-c", PROGRAM, "run", "retail", "--env", "two", "--set", f"landing={landing}"],
            cwd=project,
            env=environment(PYTHONPATH=str(installed_wheel)),
        )
        registered = (tmp_path / "master.log").read_text()
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"lakehouse is {installed_wheel}" in answer.stdout
    assert "Registered app lakehouse retail" in registered
    assert all(list((tmp_path / f"worker{number}").glob("app-*")) for number in range(2))

    local = run_pipeline(retail_job, spark=spark, warehouse=warehouse, variables={"landing": str(landing)})
    assert not local.failures
    assert len(names_of(shared)) >= 7
    assert differences(spark, shared, warehouse) == {}
