"""A stream that is told to end finishes what it is at, by SIGTERM and by Ctrl-C, and leaves no process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.pipelines import EventLog, Warehouse, stream_statuses
from lakehouse.pipelines.run.lock import run_lock, stream_lock
from tests.spark.pipelines.streamed_orders import contents, expected, land, orders

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GIVEN = orders(random.Random(3), 40)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_stream_that_is_told_to_end_finishes_its_micro_batch(
    number: signal.Signals, tmp_path: Path
) -> None:
    landing, lake = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()
    land(landing, "a", GIVEN)
    (tmp_path / "streamed.py").write_text(
        "from tests.spark.pipelines.streamed_orders import streamed_orders\n"
        "pipeline = streamed_orders(is_small=True)\n"
    )
    arguments = ["run", "streamed", "--definition", "streamed.py", "--mode", "continuous"]
    more = ["--trigger", "1 second", "--warehouse", str(lake), "--set", f"landing={landing}"]
    stream = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))",
            *arguments,
            *more,
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (lake / "bronze/raw/_delta_log/00000000000000000000.json").exists():
        assert stream.poll() is None, stream.communicate()[0]
        time.sleep(0.05)
    if number is signal.SIGINT:
        os.killpg(stream.pid, number)  # as a terminal does
    else:
        stream.send_signal(number)
    printed, _ = stream.communicate(timeout=120)
    assert stream.returncode == 0, printed
    by = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[number]
    assert f"ended by {by}" in printed
    assert "Traceback" not in printed
    rows = expected([GIVEN])
    found = contents(lake)
    assert found == {name: rows[name] for name in ("appended", "appended_quarantine", "current", "days")}
    home = Warehouse.at(lake)
    (status,) = stream_statuses(home)
    assert (status.state, status.progress.ended_by) == ("ended", by)
    assert [each["status"] for each in EventLog(home).read().to_pylist() if each["kind"] == "run"] == ["ok"]
    with stream_lock(home, "streamed").held(), run_lock(home, "streamed").held():
        pass
