"""An archive of class data for real: it is built, a session maps it, and a damaged one stops no session."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.spark_session import SparkSessionFactory
from lakehouse.spark_session.delta_jars import default_jars_folder

pytestmark = [pytest.mark.spark, pytest.mark.slow]

BUILD = """
import sys
from pathlib import Path
from lakehouse.spark_session.class_data_build import build
build(jars_folder=Path(sys.argv[1]))
"""
SESSION = """
import sys
from pathlib import Path
from lakehouse.spark_session import SparkSessionFactory
spark = SparkSessionFactory(jars_folder=Path(sys.argv[1])).create("class data")
spark.range(3).write.format("delta").save(sys.argv[2])
maps = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/maps").read_text()
print("rows", spark.read.format("delta").load(sys.argv[2]).count(), "mapped", sys.argv[3] in maps)
"""


def answer(*arguments: object, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,  # where a JVM that crashes leaves its report
        env={**os.environ, "JAVA_TOOL_OPTIONS": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(1200)
def test_an_archive_is_built_mapped_and_left_out_when_a_jvm_ends_on_it(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    shutil.copytree(default_jars_folder(), jars)
    factory = SparkSessionFactory(jars_folder=jars)
    assert factory.launch().class_data.state().is_to_be_built

    answer("-c", BUILD, jars, folder=tmp_path)
    (archive,) = (tmp_path / "class-data").glob("*.jsa")
    assert factory.launch().class_data.state().java_options
    assert "rows 3 mapped True" in answer("-c", SESSION, jars, tmp_path / "t1", archive, folder=tmp_path)

    # A JVM that maps a torn archive crashes. This one is torn where the record doesn't tell.
    archive.chmod(0o600)
    os.truncate(archive, 1_000_000)
    status = archive.stat()
    record = {"size_bytes": status.st_size, "modified_ns": status.st_mtime_ns}
    archive.with_suffix(".json").write_text(json.dumps(record))
    assert "rows 3 mapped False" in answer("-c", SESSION, jars, tmp_path / "t2", archive, folder=tmp_path)
    assert "the JVM ended" in str(factory.launch().class_data.state())
