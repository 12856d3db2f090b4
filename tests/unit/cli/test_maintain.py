"""``lakehouse maintain``: what it says before it acts, and after."""

from __future__ import annotations

import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.cli import main


@pytest.fixture
def table(tmp_path: Path) -> str:
    """Return a table of twelve files of one row."""
    for number in range(12):
        rows = pa.table({"x": [number], "country": [f"country {number % 3}"]})
        deltalake.write_deltalake(tmp_path / "t", rows, mode="append")
    return str(tmp_path / "t")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["maintain", *arguments]) == 0
    return capsys.readouterr().out


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed(capsys, table, "--dry-run").splitlines()
    assert shown[0].startswith("compaction: 12 files of ")
    assert shown[0].endswith(" in the mean become 1: would be done")
    assert shown[1].startswith("  predicted: 12.0 files, ")
    assert deltalake.DeltaTable(table).version() == 11


def test_what_was_done_is_shown_with_what_was_measured(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    [compacted] = [
        json.loads(line) for line in printed(capsys, table, "--strategy", "compaction", "--json").splitlines()
    ]
    assert (compacted["strategy"], compacted["status"], compacted["version"]) == ("compaction", "done", 12)
    assert (compacted["measured_before"]["files"], compacted["measured_after"]["files"]) == (12, 1)
    assert sorted(deltalake.DeltaTable(table).to_pyarrow_table()["x"].to_pylist()) == list(range(12))
    assert printed(capsys, table, "--strategy", "compaction") == "the table needs nothing\n"


def test_a_table_is_clustered_by_what_readers_ask_for(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(
        capsys, table, "--dry-run", "--filter", "country = 'country 1'", "--strategy", "clustering"
    )
    assert "are sorted by country" in shown
    shown = printed(capsys, table, "--dry-run", "--cluster-by", "x, country", "--strategy", "clustering")
    assert "are sorted by x, country" in shown


def test_what_can_t_be_used_is_refused(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["maintain", table, "--strategy", "magic"]) == 2
    assert "'magic' names no maintenance strategy" in capsys.readouterr().err
    assert main(["maintain", table, "--cluster-by", "z"]) == 2
    assert "can't be clustered by 'z'" in capsys.readouterr().err
