"""On a cluster of two workers a stream goes on when a worker dies in the middle of a micro-batch."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from job_programs import ROOT, environment, ran, standalone_cluster

from tests.spark.pipelines.streamed_orders import contents, expected, land, orders

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PROGRAM = """
import os, signal, sys, threading
from pathlib import Path

from lakehouse.pipelines import RunListener, StreamStop, stream_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from tests.spark.pipelines.streamed_orders import streamed_orders

master, home = sys.argv[1], Path(sys.argv[2])
stop = StreamStop()


def of_the_worker(process):
    try:
        said = (process / "cmdline").read_bytes().decode().split(chr(0))
        return str(home / "worker0") in said or os.readlink(process / "cwd").startswith(str(home / "worker0"))
    except OSError:
        return False


class Killer(RunListener):
    def step_done(self, table, step):
        if (table, step) == ("current", "batch") and (home / "landing" / "b.csv").exists():
            mark = home / "killed"
            if not mark.exists():
                mark.touch()
                # While the tasks of this batch are at work.
                threading.Timer(0.5, self.kill).start()

    def kill(self):
        for process in [each for each in Path("/proc").glob("[0-9]*") if of_the_worker(each)]:
            os.kill(int(process.name), signal.SIGKILL)

    def stream_progressed(self, progress):
        if progress.micro_batches == 1:
            (home / "b.csv").rename(home / "landing" / "b.csv")
        elif progress.tables["days"].micro_batches == 2:
            stop.ask("the test")


conf = {"spark.driver.host": "127.0.0.1", "spark.executor.memory": "600m", "spark.sql.shuffle.partitions": "4"}
spark = SparkSessionFactory(Settings(spark=SparkSettings(master=master, conf=conf))).create("stream")
result = stream_pipeline(
    streamed_orders(is_small=True),
    spark=spark,
    warehouse=home / "lake",
    trigger="1 second",
    variables={"landing": str(home / "landing")},
    listener=Killer(),
    stop=stop,
)
spark.stop()
sys.exit(len(result.failures))
"""


def test_a_worker_that_dies_costs_a_stream_no_row_and_doubles_none(tmp_path: Path) -> None:
    given = orders(random.Random(7), 60)
    (tmp_path / "landing").mkdir()
    land(tmp_path / "landing", "a", given[:30])
    land(tmp_path, "b", given[30:])
    (tmp_path / "program.py").write_text(PROGRAM)
    with standalone_cluster(tmp_path, workers=2) as master:
        answer = ran(
            [sys.executable, tmp_path / "program.py", master, tmp_path],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT)),
        )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (tmp_path / "killed").exists()
    assert "Removing worker" in (tmp_path / "master.log").read_text()
    rows = expected([given])
    names = ("appended", "appended_quarantine", "current", "days")
    assert contents(tmp_path / "lake") == {name: rows[name] for name in names}
