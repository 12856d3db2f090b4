"""Delta's jars for real: no broken local Maven repository hits, two cold starts don't break each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.spark_session import DeltaJars, find_java
from lakehouse.spark_session.delta_jars import NOT_DELTA_S_OWN
from lakehouse.spark_session.factory import delta_packages

pytestmark = [pytest.mark.spark, pytest.mark.slow]

COLD_START = """
import sys
from pathlib import Path
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
settings = Settings(spark=SparkSettings(class_data=False))
spark = SparkSessionFactory(settings, jars_folder=Path(sys.argv[1])).create("cold")
spark.range(3).write.format("delta").save(sys.argv[2])
print("rows", spark.read.format("delta").load(sys.argv[2]).count())
"""


def broken_maven_home(home: Path) -> Path:
    """A home whose Maven repository has a POM of Delta's without the jar, as an aborted build leaves."""
    name, version = "delta-storage", "4.4.0"
    folder = home / ".m2" / "repository" / "io" / "delta" / name / version
    folder.mkdir(parents=True)
    (folder / f"{name}-{version}.pom").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>io.delta</groupId>"
        f"<artifactId>{name}</artifactId><version>{version}</version></project>"
    )
    return home


def test_a_local_maven_repository_with_a_pom_and_no_jar_does_not_hit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", f"-Duser.home={broken_maven_home(tmp_path / 'home')}")
    jars = DeltaJars(packages=delta_packages(), folder=tmp_path / "jars")
    # Spark's own settings break on it: otherwise this test would show nothing.
    conf = [
        f"spark.jars.packages={jars.packages}",
        f"spark.jars.excludes={NOT_DELTA_S_OWN}",
        f"spark.jars.ivy={tmp_path / 'ivy'}",
    ]
    options = [part for entry in conf for part in ("--conf", entry)]
    plain = subprocess.run(
        [
            jars.spark_home / "bin" / "spark-submit",
            *options,
            "--class",
            "org.apache.ivy.Main",
            "spark-internal",
        ],
        env={**os.environ, "SPARK_HOME": str(jars.spark_home), "JAVA_HOME": str(find_java().home)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert plain.returncode != 0
    assert "delta-storage" in plain.stderr
    assert "delta-storage" in " ".join(path.name for path in jars.paths())


def test_two_processes_that_start_cold_at_once_both_get_their_session(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COLD_START, str(tmp_path / "jars")]
    started = [
        subprocess.Popen(
            [*command, str(tmp_path / f"table{number}")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    answers = [process.communicate(timeout=280) for process in started]
    assert [out.splitlines()[-1] for out, _ in answers] == ["rows 3", "rows 3"], answers
