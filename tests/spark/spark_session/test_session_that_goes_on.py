"""``lakehouse session``: verbs work in it without a JVM of their own, with the same outcome; strangers are refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import run_pipeline
from lakehouse.spark_session.delta_jars import default_jars_folder

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]

DEFINITION = """
from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

COLUMNS = {"id": "string", "name": "string", "price": "string"}
typed = read("raw", incremental=True).cast({"id": "int", "price": "decimal(5,2)"})
pipeline = (
    DeclarativePipelineBuilder("shop")
    .variable("landing", default="landing")
    .bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    .silver("items", typed.deduplicate().expect_or_quarantine("priced", "price > 0").merge("id"))
    .gold("totals", read("items").aggregate(by="name", total="sum(price)").replace())
    .build()
)
"""
REACHES = """
from lakehouse.pipelines import DeclarativePipelineBuilder, read, from_files

pipeline = (
    DeclarativePipelineBuilder("reaches")
    .bronze("raw", from_files("landing/*.csv", columns={"id": "string", "name": "string", "price": "string"}))
    .silver("odd", read("raw").transform(lambda frame: frame.sparkSession.sparkContext and frame).append())
    .build()
)
"""
STRANGER = """
import sys
from lakehouse.spark_session import SparkSessionFactory
SparkSessionFactory.connect(sys.argv[1]).create("stranger").range(1).collect()
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a pipeline and a session that runs there."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pipelines").mkdir()
    (folder / "landing").mkdir()
    (folder / "shop.py").write_text(DEFINITION)
    (folder / "reaches.py").write_text(REACHES)
    shutil.copytree(default_jars_folder(), folder / "cache" / "jars")
    said = lakehouse(folder, "session", "start", "--json", JAVA_HOME=os.environ.get("JAVA_HOME", ""))
    try:
        yield folder
    finally:
        assert lakehouse(folder, "session", "stop").returncode == 0
    assert said.returncode == 0, said.stderr


def lakehouse(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in the folder."""
    command = "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", command, *arguments],
        cwd=folder,
        env={**os.environ, "LAKEHOUSE_CACHE": str(folder / "cache"), **more},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def without_java(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it where no Java can be found: only the session that runs can do the work."""
    nowhere = str(folder / "nowhere")
    return lakehouse(folder, *arguments, JAVA_HOME="", PATH=nowhere, HOME=nowhere)


def test_run_validate_and_plan_work_in_the_session_and_give_what_a_jvm_gives(
    project: Path, spark: SparkSession, tmp_path: Path
) -> None:
    landing = project / "landing"
    names: dict[str, object] = {}
    exec(DEFINITION, names)
    variables = {"landing": str(landing)}
    for number, (text, verbs) in enumerate(
        [
            ('id,name,price\n1,a,1.50\n2,b,2\n2,b,2\n3,"c, d",-1\nx,e,4\n', ("validate", "plan", "run")),
            ("id,name,price\n1,a,10\n4,a,0.25\n", ("run",)),
        ]
    ):
        (landing / f"{number}.csv").write_text(text)
        for verb in verbs:
            done = without_java(project, verb, "shop", "--definition", "shop.py")
            assert done.returncode == 0, done.stderr
        run_pipeline(names["pipeline"], spark=spark, warehouse=tmp_path, variables=variables)  # type: ignore[arg-type]
    rows = [("a", "10.25"), ("b", "2.00")]
    for warehouse in (project / "warehouse", tmp_path):
        totals = spark.read.format("delta").load(str(warehouse / "gold" / "totals")).collect()
        assert sorted((row["name"], str(row["total"])) for row in totals) == rows


def test_a_step_that_reaches_for_the_jvm_is_an_error_with_the_way_out(project: Path) -> None:
    done = without_java(project, "validate", "reaches", "--definition", "reaches.py")
    assert done.returncode == 2
    assert "sparkContext" in done.stdout
    assert "lakehouse session stop" in done.stdout


def test_a_client_without_the_token_is_refused(project: Path) -> None:
    status = json.loads(lakehouse(project, "session", "status", "--json").stdout)
    assert status["running"]
    command = [sys.executable, "-c", STRANGER, f"sc://localhost:{status['port']}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode != 0
    assert "UNAUTHENTICATED" in done.stderr or "authenti" in done.stderr.lower()
