"""How streams stand, by the command line: one that goes, one that ended, and one whose process died."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from lakehouse.cli import main
from lakehouse.cli.pipeline_options import PipelineRequest
from lakehouse.masking import hide
from lakehouse.pipelines import Backlog, Failed, Resolution, RunResult, StreamProgress, Warehouse, graph_of
from lakehouse.pipelines.record.progress import ProgressLog
from lakehouse.pipelines.run.holder import Holder
from lakehouse.pipelines.run.lock import stream_lock

SINCE = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=90)


def begun(folder: Path) -> ProgressLog:
    progress = StreamProgress(
        pipeline="shop",
        stream="s1",
        mode="continuous",
        trigger_seconds=10,
        started_at="2026-01-01T00:00:00.000+00:00",
        updated_at="2026-01-01T00:00:00.000+00:00",
    )
    log = ProgressLog(Warehouse.at(folder), progress)
    log.looked(["orders", "sales"], {"orders": Backlog(count=3, unit="files", since=SINCE)})
    return log


def status(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = main(["status", "--warehouse", str(folder), *more])
    return code, capsys.readouterr().out


def test_a_stream_that_goes_is_shown_with_what_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = begun(tmp_path)
    with stream_lock(Warehouse.at(tmp_path), "shop").held():
        code, text = status(tmp_path, capsys)
        assert code == 0
        assert "shop  continuous, each 10 s  running, process" in text
        waited = re.search(r"3 files, (\d+) s", text)
        assert waited is not None
        assert int(waited[1]) >= 90
        found = Failed(table="orders", error=ValueError("no such column"), seconds=1)
        now = dt.datetime.now(dt.UTC)
        log.note(
            RunResult(run_id="r", pipeline="shop", started_at=now, seconds=1, outcomes={"orders": found}),
            {},
            {},
            state_bytes={},
        )
        code, text = status(tmp_path, capsys)
        assert code == 1
        assert "failed since" in text
        assert "no such column" in text
    log.looked(["orders"], {})
    hide("s3cr3t-of-the-test")
    log.end("SIGTERM s3cr3t-of-the-test")
    assert "s3cr3t" not in (tmp_path / "system/streams/shop.json").read_text()
    code, text = status(tmp_path, capsys)
    assert (code, "failed since" in text) == (0, False), "it was looked at since, and nothing was wrong"
    assert "by SIGTERM" in text


def test_a_stream_whose_process_died_is_said_to_have_died(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = msgspec.structs.replace(Holder.this_process(), pid=process.pid)
    Warehouse.at(tmp_path).storage.write("system/streams/shop.lock", msgspec.json.encode(dead))
    code, text = status(tmp_path, capsys, "shop")
    assert code == 1
    assert f"died: process {process.pid} on" in text
    assert "ended without a word" in text
    code, text = status(tmp_path, capsys, "--json")
    (shown,) = json.loads(text)
    assert (code, shown["state"], shown["tables"]["orders"]["waiting"]["count"]) == (1, "died", 3)


def test_a_warehouse_without_streams_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(tmp_path, capsys) == (0, f"no streams in {tmp_path} yet\n")


def test_what_is_asked_of_single_runs_is_refused_for_a_stream(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (["--strict"], ["--full-refresh", "orders"], ["--every", "5 min"]):
        assert main(["run", "shop.yaml", "--mode", "continuous", *asked]) == 2
        said = capsys.readouterr().err
        assert asked[0] in said
        assert "Fix: " in said


def test_validate_says_with_its_line_what_a_stream_can_not_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "ticks.py").write_text(
        "from lakehouse.pipelines import DeclarativePipelineBuilder, from_rate\n"
        "totals = from_rate(5).aggregate(ticks='count(*)').append()\n"
        "pipeline = DeclarativePipelineBuilder('ticks').bronze('totals', totals).build()\n"
    )

    def resolved(request: PipelineRequest) -> Resolution:
        definition = request.definition()
        return Resolution(
            definition=definition,
            graph=graph_of(definition),
            schemas={},
            problems=(),
            not_checked=(),
            read_schemas={},
        )

    monkeypatch.setattr("lakehouse.cli.validate.resolution_of", resolved)
    asked = ["validate", "ticks", "--definition", str(tmp_path / "ticks.py")]
    assert main(asked) == 0
    capsys.readouterr()
    assert main([*asked, "--mode", "continuous"]) == 2
    said = capsys.readouterr().out
    assert "ticks.py:2: aggregate(by=) of 'totals' puts rows of one batch together" in said
