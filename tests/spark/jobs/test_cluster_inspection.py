"""On a cluster of two workers tasks read what landed; one whose executor dies meanwhile is done again."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from job_programs import ROOT, environment, ran, standalone_cluster

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1200)]

PROGRAM = """
import json, os, signal, sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lakehouse.ingestion import CsvFormat, FileTracker, LocalLandingZone, SeenFiles
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

master, folder = sys.argv[1], Path(sys.argv[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlyFormat(CsvFormat):
    \"\"\"The first task that looks at the file ``deadly.csv`` takes its executor along.\"\"\"

    inspected_in_tasks: ClassVar[bool] = True

    def inspect(self, stream, *, name):
        mark = Path(name).parent.parent / "killed"
        if name.endswith("deadly.csv") and not mark.exists():
            mark.touch()
            daemon = os.getppid()
            status = Path(f"/proc/{daemon}/status").read_text()
            executor = int(status.split("PPid:")[1].split()[0])
            os.kill(executor, signal.SIGKILL)
            os.kill(daemon, signal.SIGKILL)
        return CsvFormat.inspect(self, stream, name=name)


opened = []
open_of_zone = LocalLandingZone.open
def noting(zone, file):
    opened.append(file.size_bytes)
    return open_of_zone(zone, file)
LocalLandingZone.open = noting

conf = {"spark.driver.host": "127.0.0.1", "spark.executor.memory": "600m"}
spark = SparkSessionFactory(Settings(spark=SparkSettings(master=master, conf=conf))).create("inspection")
result, seen = {}, SeenFiles(None, ())
for pattern in ("few", "more", "many", "deadly"):
    opened.clear()
    format_ = (DeadlyFormat if pattern == "deadly" else CsvFormat)(columns=("id", "note"))
    zone = LocalLandingZone(f"{folder}/{pattern}/*.csv")
    tracker = FileTracker(zone=zone, file_format=format_, session=lambda: spark)
    inputs = tracker.inspected(tracker.candidates(seen), seen)
    result[pattern] = {
        "driver_bytes": sum(opened),
        "accepted": sorted(Path(path).name for path in inputs.accepted()),
        "rejected": {Path(path).name: found.reason for path, found in inputs.rejected().items()},
    }
spark.stop()
print("result:", json.dumps(result))
"""


def test_the_driver_reads_no_more_as_more_lands_and_an_executor_may_die(tmp_path: Path) -> None:
    landed = {"few": 20, "more": 1_000, "many": 3_000, "deadly": 500}
    for folder, files in landed.items():
        (tmp_path / folder).mkdir()
        for number in range(files):
            (tmp_path / folder / f"{number:04}.csv").write_text(f"id,note\n{number},n\n")
        (tmp_path / folder / "bad.csv").write_text("id,nota\n1,2\n")
    (tmp_path / "deadly" / "deadly.csv").write_text("id,note\n1,2\n")
    with standalone_cluster(tmp_path, workers=2) as master:
        (tmp_path / "program.py").write_text(PROGRAM)
        answer = ran(
            [sys.executable, tmp_path / "program.py", master, tmp_path],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT)),
        )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (line,) = (line for line in answer.stdout.splitlines() if line.startswith("result: "))
    result = json.loads(line.removeprefix("result: "))
    assert (tmp_path / "killed").exists()
    for folder, files in landed.items():
        names = [f"{number:04}.csv" for number in range(files)]
        assert result[folder]["accepted"] == names + ["deadly.csv"] * (folder == "deadly")
        assert list(result[folder]["rejected"]) == ["bad.csv"]
        assert "its header lacks 'note'" in result[folder]["rejected"]["bad.csv"]
    assert {name: found["driver_bytes"] > 0 for name, found in result.items()} == {
        "few": True,
        "more": False,
        "many": False,
        "deadly": False,
    }
