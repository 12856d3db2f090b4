"""A run that is told to end, by Ctrl-C or SIGTERM: its record is closed, no process is left, and the next goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lakehouse.pipelines import EventLog, Warehouse
from lakehouse.pipelines.run.lock import run_lock

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def members(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, sid = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(sid) == session and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_run_that_is_told_to_end_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    warehouse = tmp_path / "lake"
    run = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "tests/faults/stopped_run.py"),
            str(ROOT / "data/retail"),
            str(warehouse),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 200
    while not (warehouse / "at-work").exists():
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(2)  # until Spark is at it
    if number is signal.SIGINT:
        os.killpg(run.pid, number)  # as a terminal does
    else:
        run.send_signal(number)
    printed, _ = run.communicate(timeout=60)
    assert run.returncode == 1, printed
    assert "stopped" in printed
    assert "Traceback" not in printed
    until = time.monotonic() + 30
    while (left := members(run.pid)) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []
    (event,) = [
        each for each in EventLog(Warehouse.at(warehouse)).read().to_pylist() if each["kind"] == "run"
    ]
    assert (event["status"], event["error_class"]) == ("failed", "RunStoppedError")
    by = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[number]
    assert f"stopped by {by}" in event["error_message"]
    with run_lock(Warehouse.at(warehouse), "retail").held():
        pass
