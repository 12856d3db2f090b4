"""How a run is shown: the numbers of its result, on a terminal, as plain lines, as JSON."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from lakehouse.cli import main
from lakehouse.cli.run_report import JsonReport, LiveReport, PlainReport, Report
from lakehouse.errors import DefinitionError, TableError
from lakehouse.pipelines import (
    Failed,
    NothingNew,
    Outcome,
    Refresh,
    Refreshed,
    RunListener,
    RunResult,
    Skipped,
)
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.quality import Tally


def refreshed() -> Refreshed:
    batch = Batch(
        flow="lakehouse/shop/sales",
        number=3,
        planned_at="2026-01-01T00:00:00+00:00",
        starts_over=False,
        fingerprint="f",
        inputs={},
        pinned={},
    )
    tally = Tally(
        rows_in=1200, written=1000, dropped=150, quarantined=50, failed=0, broken={"priced": 50, "ok": 0}
    )
    steps = (StepCount(step="where(x)", rows_in=1500, rows_out=1200),)
    details = {"files": 4, "files_rejected": 1}
    refresh = Refresh(
        layer="silver", batch=batch, version=7, tally=tally, steps=steps, seconds=2.0, details=details
    )
    return Refreshed(table="sales", refreshes=(refresh,))


OUTCOMES: dict[str, Outcome] = {
    "raw": NothingNew(table="raw"),
    "sales": refreshed(),
    "ratios": Failed(table="ratios", error=TableError("it broke.", fix="correct it."), seconds=1.0),
    "behind": Skipped(table="behind", because="ratios"),
}
RESULT = RunResult(
    run_id="r",
    pipeline="shop",
    started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    seconds=4.0,
    outcomes=OUTCOMES,
)


def told(listener: RunListener) -> None:
    listener.run_started("shop", list(OUTCOMES))
    listener.step_done("sales", "batch")
    for outcome in OUTCOMES.values():
        listener.table_finished(outcome)
    listener.run_finished(RESULT)


def test_plain_lines_have_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    told(PlainReport("/lake"))
    text = capsys.readouterr().out
    for part in (
        "4 files, 1,200 rows in, 1,000 written, 150 dropped, 50 quarantined",
        "where(x) took out 300 rows",
        "50 rows break priced",
        "warning: 1 files of sales could not be read; see sales_quarantine",
        "it broke. Fix: correct it.",
        "because ratios failed",
        "lakehouse history --warehouse /lake",
        "lakehouse table cat /lake/silver/sales",
    ):
        assert part in text
    assert "break ok" not in text


def test_a_terminal_shows_a_row_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    told(LiveReport("/lake", Console(file=out, force_terminal=True, width=120)))
    text = out.getvalue()
    for part in ("sales", "1,200", "nothing new", "failed", "skipped", "600"):
        assert part in text


def test_json_has_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    told(JsonReport())
    result = json.loads(capsys.readouterr().out)
    assert result["status"] == "failed"
    tables = {table["table"]: table for table in result["tables"]}
    assert tables["sales"]["batches"][0]["quarantined"] == 50
    assert tables["sales"]["batches"][0]["rules"] == {"priced": 50, "ok": 0}
    assert tables["ratios"]["error"]["message"] == "it broke. Fix: correct it."
    assert tables["behind"]["because"] == "ratios"


def test_a_run_that_raises_leaves_the_terminal_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def raises_after_its_start(*_: object, listener: RunListener, **__: object) -> RunResult:
        listener.run_started("shop", ["sales"])
        listener.step_done("sales", "batch")
        assert sys.stdout is not stdout, "the live table captures what is printed meanwhile"
        raise DefinitionError("it is wrong.", fix="correct it.")

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    monkeypatch.setattr("lakehouse.cli.run._report", lambda request: LiveReport("/lake", console))
    monkeypatch.setattr("lakehouse.cli.run.run_pipeline", raises_after_its_start)
    (tmp_path / "shop.yaml").write_text("name: shop\ntables: []\n")
    stdout, stderr, threads = sys.stdout, sys.stderr, set(threading.enumerate())
    assert main(["run", "shop", "--definition", str(tmp_path / "shop.yaml")]) == 2
    assert (sys.stdout, sys.stderr) == (stdout, stderr)
    for thread in set(threading.enumerate()) - threads:
        thread.join(timeout=10)
        assert not thread.is_alive(), "the live table's thread has ended"
    hidden, shown = out.getvalue().rfind("\x1b[?25l"), out.getvalue().rfind("\x1b[?25h")
    assert 0 <= hidden < shown, "the cursor is hidden, then shown again"
    assert capsys.readouterr().err == "error: it is wrong. Fix: correct it.\n"


@pytest.mark.parametrize("report", [PlainReport("/lake"), JsonReport(), LiveReport("/lake")])
def test_a_report_may_be_closed_before_a_run_and_more_than_once(report: Report) -> None:
    with report:
        report.close()
