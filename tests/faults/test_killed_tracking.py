"""Processes that track files are killed at any moment: each file is taken once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from lakehouse.delta_log import Snapshot
from lakehouse.storage import LocalStorageService

SCRIPT = Path(__file__).parent / "killed_tracking.py"


def test_each_file_is_taken_once_whatever_was_killed_between_batch_commit_and_condensing(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), "25"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=200,
    )
    assert int(done.stdout) == 25
    taken = Counter(Snapshot.load(tmp_path / "lake/bronze/raw").to_arrow()["path"].to_pylist())
    landed = {str(path) for path in (tmp_path / "landing").glob("*.csv")}
    assert len(landed) > 15
    assert taken == dict.fromkeys(landed, 1)
    assert list(LocalStorageService(tmp_path / "lake").list("system/condensed/"))
