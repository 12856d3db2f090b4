"""A stream on a terminal and in `status`: what a micro-batch took and left, and what went wrong with it."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from lakehouse.cli import main
from lakehouse.cli.stream_live import LiveStreamReport
from lakehouse.errors import StorageError
from lakehouse.pipelines import (
    Backlog,
    Refresh,
    Refreshed,
    RunResult,
    StreamProgress,
    TableProgress,
    Waiting,
    Warehouse,
)
from lakehouse.pipelines.record.progress import ProgressLog
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.quality import Tally

NOW = dt.datetime(2026, 1, 1, 0, 1, tzinfo=dt.UTC)
STARTED = "2026-01-01T00:00:00.000+00:00"
STREAM = StreamProgress(
    pipeline="shop",
    stream="s1",
    mode="continuous",
    trigger_seconds=10,
    started_at=STARTED,
    updated_at=STARTED,
)


def result(*, left: int, set_aside: dict[str, str] | None = None) -> RunResult:
    """Return what came of a micro-batch of 1,200 records, the first of which came at NOW."""
    batch = Batch(
        flow="lakehouse/shop/orders",
        number=3,
        planned_at=NOW.isoformat(),
        starts_over=False,
        fingerprint="f",
        inputs={},
        pinned={},
    )
    refresh = Refresh(
        layer="bronze",
        batch=batch,
        version=4,
        tally=Tally(rows_in=1200, written=1200, dropped=0, quarantined=0, failed=0, broken={}),
        steps=(),
        seconds=2.0,
        waiting=Backlog(count=left, unit="records"),
        came_us=int(NOW.timestamp() * 1_000_000),
        set_aside=set_aside or {},
        is_strict=True,
    )
    outcomes = {"orders": Refreshed(table="orders", refreshes=(refresh,))}
    return RunResult(run_id="r", pipeline="shop", started_at=NOW, seconds=2, outcomes=outcomes)


def noted(log: ProgressLog, found: RunResult) -> TableProgress:
    visible = {"orders": NOW + dt.timedelta(seconds=3)}
    return log.note(found, {}, visible, state_bytes={"orders": 3 << 20}).tables["orders"]


def test_what_a_micro_batch_leaves_waits_and_its_first_record_tells_how_long_it_took(tmp_path: Path) -> None:
    log = ProgressLog(Warehouse.at(tmp_path), STREAM)
    begun = log.decided({"orders": Backlog(count=8700, unit="records", since=NOW)}).tables["orders"]
    assert begun.waiting is not None
    assert begun.waiting.count == 8700, "while the micro-batch works"
    table = noted(log, result(left=7500))
    assert table.waiting is not None
    assert (table.waiting.count, table.waiting.unit) == (7500, "records")
    assert (table.waited_seconds, table.rows_per_second, table.state_bytes) == (3.0, 600.0, 3 << 20)
    assert noted(log, result(left=0)).waiting == log.looked(["orders"], {}).tables["orders"].waiting


def test_a_terminal_shows_speed_lag_and_size_while_a_micro_batch_works() -> None:
    out = io.StringIO()
    since = (NOW - dt.timedelta(seconds=95)).isoformat()
    table = TableProgress(
        micro_batches=2,
        rows_in=1200,
        seconds=2.0,
        waited_seconds=3.0,
        state_bytes=3 << 20,
        waiting=Waiting(count=7500, unit="records", since=since),
    )
    progress = msgspec.structs.replace(STREAM, tables={"orders": table})
    console = Console(file=out, force_terminal=True, width=140)
    with LiveStreamReport("/lake", console, now=lambda: NOW) as report:
        report.stream_started(STREAM)
        report.stream_decided(progress)
        report.step_done("orders", "validate")
        report.run_failed(StorageError("the store is away"))
    (row,) = {line for line in out.getvalue().splitlines() if "7,500" in line}
    for part in ("orders", "validate ✓", "1,200", "600", "7,500 records, 95 s", "3.0 s", "3 MiB"):
        assert part in row
    assert "a micro-batch failed: the store is away" in out.getvalue()


def test_status_names_a_micro_batch_that_failed_whole_and_a_strict_table_that_set_a_file_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def status() -> tuple[int, str]:
        code = main(["status", "--warehouse", str(tmp_path)])
        return code, capsys.readouterr().out

    log = ProgressLog(Warehouse.at(tmp_path), STREAM)
    log.failed(["orders", "sales"], StorageError("the store is away"))
    log.end("itself")
    code, text = status()
    assert (code, text.count("failed since")) == (1, 2)
    assert "the store is away" in text
    log.looked(["sales"], {})
    noted(log, result(left=0))
    assert status()[0] == 0
    noted(log, result(left=0, set_aside={"a.csv": "it is no CSV"}))
    noted(log, result(left=0))
    code, text = status()
    assert (code, "1 inputs set aside, and it is strict" in text) == (1, True)


def test_a_failure_that_can_not_be_written_now_is_known_by_the_next_word(tmp_path: Path) -> None:
    home = Warehouse.at(tmp_path)
    log = ProgressLog(home, STREAM)
    log.begin()
    streams = tmp_path / "system" / "streams"
    kept = (streams / "shop.json").read_bytes()
    (streams / "shop.json").unlink()
    streams.rmdir()
    streams.touch()  # nothing can be written there
    log.failed(["orders"], StorageError("the store is away"))
    streams.unlink()
    streams.mkdir()
    (streams / "shop.json").write_bytes(kept)
    assert log.end("itself").tables["orders"].error == "the store is away"
