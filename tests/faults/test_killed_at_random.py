"""Runs over an index and kept groups are killed at any moment: each row counts once in Silver and in Gold."""

from __future__ import annotations

import os
import random
import runpy
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from indexed_tables import SMALLEST
from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1500)]

SCRIPT = Path(__file__).parent / "killed_loop.py"
LOOP = runpy.run_path(str(SCRIPT))
KILLS = 8

Sale = tuple[str, str, str, int]


def killed_after_a_while(home: Path, chance: random.Random) -> None:
    """Start the loop, wait for its first run, and kill it somewhere in the next ones."""
    loop = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(home)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert loop.stdout is not None
    assert loop.stdout.readline() == "ok\n"
    time.sleep(chance.uniform(0, 6))
    os.killpg(loop.pid, signal.SIGKILL)
    loop.stdout.close()
    assert loop.wait() == -signal.SIGKILL


def landed(home: Path) -> set[Sale]:
    """The oracle: what the files hold, each sale once."""
    lines = (line for path in (home / "landing").glob("*.csv") for line in path.read_text().splitlines()[1:])
    cells = (line.split(",") for line in lines)
    return {(key, day, customer, int(units)) for key, day, customer, units in cells}


def by_day(sales: set[Sale]) -> dict[str, tuple[int, int, int]]:
    days: dict[str, list[Sale]] = defaultdict(list)
    for sale in sales:
        days[sale[1]].append(sale)
    return {
        day: (sum(units for *_, units in some), len(some), len({customer for _, _, customer, _ in some}))
        for day, some in days.items()
    }


def test_each_row_counts_once_wherever_runs_are_killed(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "landing").mkdir()
    chance = random.Random(20)
    for _ in range(KILLS):
        killed_after_a_while(tmp_path, chance)
    for module, name, value in SMALLEST:
        monkeypatch.setattr(module, name, value)
    LOOP["go"](spark, tmp_path)
    assert LOOP["go"](spark, tmp_path) == "nothing new"
    expected = landed(tmp_path)
    assert len(expected) >= KILLS * LOOP["NEW"]
    tables = {
        name: spark.read.format("delta").load(str(tmp_path / "lake" / name)).collect()
        for name in ("silver/kept", "gold/days")
    }
    kept = [(row["id"], row["day"], row["customer"], row["units"]) for row in tables["silver/kept"]]
    assert sorted(kept) == sorted(expected)
    days = {row["day"]: (row["units"], row["sales"], row["customers"]) for row in tables["gold/days"]}
    assert days == by_day(expected)
    assert list((tmp_path / "lake/silver/kept/_lakehouse_index").rglob("manifests/*.json"))
