"""Eight processes on one local table: no commit is lost, none fails, and a killed one leaves nothing half there."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import deltalake
import msgspec
import pyarrow as pa
import pytest

from lakehouse.delta_log import TransactionManager

WRITERS = Path(__file__).parent / "appending_processes.py"
WORKERS = 8
SCHEMA = pa.schema([("worker", pa.int64()), ("row", pa.int64())])


@dataclass
class Processes:
    """Eight writers of one table, and what each of them was told."""

    table: Path
    rows: int

    def __post_init__(self) -> None:
        self.folder = self.table.parent
        arguments = [str(self.table), str(WORKERS), str(self.rows), str(self.folder), "yes"]
        self.parent = subprocess.Popen([sys.executable, str(WRITERS), *arguments], stderr=subprocess.PIPE)
        give_up = time.monotonic() + 120
        while not all(self.lines(worker) for worker in range(WORKERS)):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        (self.folder / "start").touch()

    def kill(self, worker: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self.lines(worker)[0]), signal.SIGKILL)

    def wait(self) -> None:
        """Wait for all; none may have failed, those that were killed aside."""
        _, errors = self.parent.communicate(timeout=1_200)
        assert self.parent.returncode == 0, errors.decode()[-2_000:]

    def acknowledged(self, worker: int) -> list[int]:
        return [int(line) for line in self.lines(worker)[1:]]

    def lines(self, worker: int) -> list[str]:
        try:
            text = (self.folder / f"acknowledged-{worker}").read_text()
        except FileNotFoundError:
            return []
        return text[: text.rfind("\n") + 1].splitlines()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table"
    with TransactionManager().transaction(path) as transaction:
        transaction.create(SCHEMA)
    return path


def rows_of(table: Path) -> Counter[tuple[int, int]]:
    """The table's rows as delta-rs reads them."""
    read = deltalake.DeltaTable(table).to_pyarrow_table()
    return Counter(zip(read["worker"].to_pylist(), read["row"].to_pylist(), strict=True))


def check_log(table: Path) -> int:
    """Check that versions have no gap and every commit is whole JSON, without our own reader; count them."""
    names = sorted(file.name for file in (table / "_delta_log").glob("0*.json"))
    assert names == [f"{version:020d}.json" for version in range(len(names))]
    for name in names[1:]:
        lines = (table / "_delta_log" / name).read_bytes().splitlines()
        actions = [next(iter(msgspec.json.decode(line))) for line in lines]
        assert actions == ["commitInfo", "add"]
    return len(names)


def all_appends_are_there(table: Path, *, rows: int) -> None:
    Processes(table, rows).wait()
    assert check_log(table) == 1 + WORKERS * rows
    assert rows_of(table) == Counter((worker, row) for worker in range(WORKERS) for row in range(rows))


def test_eight_processes_lose_no_commit(table: Path) -> None:
    all_appends_are_there(table, rows=50)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_eight_processes_make_eight_thousand_commits(table: Path) -> None:
    all_appends_are_there(table, rows=1_000)


def killed_writers_leave_nothing_half_there(table: Path, *, rows: int, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    processes = Processes(table, rows)
    for victim in chance.sample(range(WORKERS), kills):
        time.sleep(chance.uniform(0.01, 0.2))
        processes.kill(victim)
    processes.wait()
    check_log(table)
    found = rows_of(table)
    assert set(found.values()) <= {1}
    assert len(found) < WORKERS * rows, "no writer was killed at work"
    for worker in range(WORKERS):
        acknowledged = set(processes.acknowledged(worker))
        there = {row for of, row in found if of == worker}
        assert acknowledged <= there
        # Killed between the commit and its acknowledgement: whole, and the very next row.
        assert len(there - acknowledged) <= 1
        assert there == set(range(len(there)))


def test_writers_that_are_killed_lose_no_acknowledged_commit(table: Path) -> None:
    killed_writers_leave_nothing_half_there(table, rows=60, kills=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(10))
def test_many_killed_writers_lose_no_acknowledged_commit(table: Path, seed: int) -> None:
    killed_writers_leave_nothing_half_there(table, rows=400, kills=6, seed=seed)
