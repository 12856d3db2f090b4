"""How a run is shown: the numbers of its result, on a terminal, as plain lines, as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from lakehouse import masking
from lakehouse.cli import main
from lakehouse.cli.run_report import JsonReport, LiveReport, PlainReport, Report
from lakehouse.errors import DefinitionError, TableError
from lakehouse.pipelines import (
    Failed,
    NothingNew,
    Outcome,
    Refresh,
    Refreshed,
    RunHeldError,
    RunListener,
    RunResult,
    Skipped,
    TaskProgress,
    repeat,
)
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.quality import Tally


def refreshed(*, set_aside: dict[str, str] | None = None, is_strict: bool = False) -> Refreshed:
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
    steps = (
        StepCount(step="where(x)", rows_in=1500, rows_out=1200),
        StepCount(step="aggregate(by x)", rows_in=1300, rows_out=1200, made=True),
    )
    details = {"files": 4, "files_rejected": 1}
    refresh = Refresh(
        layer="silver",
        batch=batch,
        version=7,
        tally=tally,
        steps=steps,
        seconds=2.0,
        details=details,
        set_aside=set_aside or {"/in/bad.csv": "it is empty"},
        is_strict=is_strict,
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
        "4 files, read 1,500, aggregate made 1,200, written 1,000, dropped 150, quarantined 50",
        "where(x) took out 300 rows",
        "50 rows break priced",
        "warning: sales set /in/bad.csv aside: it is empty",
        "it broke. Fix: correct it.",
        "because ratios failed",
        "lakehouse history --warehouse /lake",
        "lakehouse table cat /lake/silver/sales",
    ):
        assert part in text
    assert "break ok" not in text
    assert "aggregate(by x) took out" not in text
    assert text.count("it broke.") == 1, "a failure is printed once"


def test_a_terminal_shows_a_row_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    told(LiveReport("/lake", Console(file=out, force_terminal=True, width=120)))
    text = out.getvalue()
    for part in (
        "sales",
        "1,500",
        "nothing new",
        "failed",
        "skipped",
        "750",
        "ratios: it broke. Fix: correct it.",
    ):
        assert part in text


def test_a_table_that_takes_long_shows_that_it_lives() -> None:
    out, now = io.StringIO(), [100.0]
    console = Console(file=out, force_terminal=True, width=120)
    with LiveReport("/lake", console, clock=lambda: now[0]) as report:
        report.run_started("shop", ["sales", "raw"])
        report.step_done("sales", "batch")
        now[0] += 95
        report.step_done("raw", "batch")
        report.table_finished(OUTCOMES["raw"])
    shown = out.getvalue().splitlines()
    assert any("sales" in line and "batch ✓ 95 s" in line for line in shown)
    assert not any("raw" in line and "95 s" in line for line in shown)


def test_a_table_that_spark_works_on_shows_tasks_rows_and_how_long_the_rest_takes() -> None:
    out = io.StringIO()
    known = {"sales": TaskProgress(tasks_done=50, tasks=200, rows=1_234_567, seconds=20)}
    with LiveReport("/lake", Console(file=out, force_terminal=True, width=120)) as report:
        report.run_started("shop", ["sales", "raw"])
        report.work_begins(known.get)
        report.step_done("sales", "batch")
        report.step_done("raw", "batch")
    shown = [line for line in out.getvalue().splitlines() if "sales" in line]
    assert any("batch ✓ · 50 of 200 tasks, 60 s left" in line and "1,234,567" in line for line in shown)
    assert "0 of 0" not in out.getvalue()


def test_json_has_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    told(JsonReport())
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["event"] == "run_finished"
    assert result["status"] == "failed"
    tables = {table["table"]: table for table in result["tables"]}
    assert tables["sales"]["batches"][0]["quarantined"] == 50
    assert tables["sales"]["batches"][0]["rules"] == {"priced": 50, "ok": 0}
    assert tables["ratios"]["error"]["message"] == "it broke. Fix: correct it."
    assert tables["behind"]["because"] == "ratios"


def test_json_has_one_event_a_line_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    report = JsonReport()
    report.run_started("shop", ["raw", "sales"])
    assert json.loads(capsys.readouterr().out)["tables"] == ["raw", "sales"]
    report.step_done("sales", "batch")
    report.table_finished(OUTCOMES["ratios"])
    report.run_failed(ValueError("it\nbroke"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.pop("event") for line in lines] == ["step_done", "table_finished", "run_failed"]
    assert all(dt.datetime.fromisoformat(line.pop("time")).tzinfo is not None for line in lines)
    assert lines[0] == {"table": "sales", "step": "batch"}
    assert (lines[1]["table"], lines[1]["status"]) == ("ratios", "failed")
    assert lines[2] == {"error": {"class": "ValueError", "message": "it\nbroke"}}


def test_one_name_for_many_runs_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "retail", "--run-id", "a", "--every", "1 hour"]) == 2
    assert "--run-id names one run" in capsys.readouterr().err


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


def test_a_cause_is_told_where_the_error_does_not_say_it(capsys: pytest.CaptureFixture[str]) -> None:
    error = TableError("it broke.")
    error.__cause__ = ValueError("the disk is full")
    PlainReport("/lake").table_finished(Failed(table="t", error=error, seconds=1.0))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["t                    failed       it broke.", "  t: the disk is full"]


def test_of_many_files_that_are_set_aside_the_first_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    many = {f"/in/{number}.csv": "it is empty" for number in range(8)}
    PlainReport("/lake").table_finished(refreshed(set_aside=many))
    text = capsys.readouterr().out
    assert text.count("it is empty") == 5
    assert "sales set 3 more files aside: lakehouse quarantine show sales" in text


@pytest.mark.parametrize(
    ("arguments", "is_strict", "code"), [((), False, 0), (("--strict",), False, 1), ((), True, 1)]
)
def test_a_file_that_is_set_aside_fails_a_strict_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], is_strict: bool, code: int
) -> None:
    outcomes: dict[str, Outcome] = {"sales": refreshed(is_strict=is_strict)}
    result = dataclasses.replace(RESULT, outcomes=outcomes)
    monkeypatch.setattr("lakehouse.cli.run.run_pipeline", lambda *_, **__: result)
    (tmp_path / "shop.yaml").write_text("name: shop\ntables: []\n")
    assert main(["run", "shop", "--definition", str(tmp_path / "shop.yaml"), *arguments]) == code
    assert result.set_aside == {"sales": {"/in/bad.csv": "it is empty"}}


class Runs:
    """Stands in for run_pipeline: hears how it is called, and does what it is told in turn."""

    def __init__(self, *doing: RunResult | BaseException) -> None:
        self.calls: list[dict[str, object]] = []
        self._left = list(doing)

    def __call__(self, *_: object, **options: object) -> RunResult:
        self.calls.append(options)
        done = self._left.pop(0)
        if isinstance(done, BaseException):
            raise done
        return done


def test_runs_that_repeat_go_on_after_a_failure_and_end_when_they_are_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = RunHeldError(pipeline="shop", host="box", pid=7, since="now")
    (tmp_path / "shop.yaml").write_text("name: shop\ntables: []\n")
    arguments = ["run", "shop", "--definition", str(tmp_path / "shop.yaml"), "--every", "1 s"]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr("lakehouse.cli.run.repeat", partial(repeat, sleep=sleep))
    runs = Runs(RESULT, held, RESULT)
    monkeypatch.setattr("lakehouse.cli.run.run_pipeline", runs)
    assert main([*arguments, "--full-refresh", "--strict"]) == 0
    assert [call["full_refresh"] for call in runs.calls] == [("*",), (), ()], "tables are rebuilt once"
    printed = capsys.readouterr().err
    assert "'shop' runs already in this warehouse: process 7 on box" in printed
    assert printed.endswith("stopped between two runs\n")
    monkeypatch.setattr("lakehouse.cli.run.run_pipeline", Runs(KeyboardInterrupt("SIGTERM")))
    assert main(arguments) == 1, "it was at work"
    monkeypatch.setattr("lakehouse.cli.run.run_pipeline", Runs(DefinitionError("it is wrong.")))
    assert main(arguments) == 2
    assert main([*arguments[:-1], "now and then"]) == 2
    assert "is no length of time. Fix: write it as '15 min'" in capsys.readouterr().err


@pytest.mark.parametrize("report", [PlainReport, JsonReport, LiveReport])
def test_a_hidden_value_in_a_cause_is_masked(
    report: Callable[..., Report], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cret"})
    failed = Failed(table="t", error=ValueError("no access with s3cret"), seconds=1.0)
    result = RunResult(
        run_id="r",
        pipeline="p",
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        seconds=1.0,
        outcomes={"t": failed},
    )
    with report() if report is JsonReport else report("/lake") as shown:
        shown.run_started("p", ["t"])
        shown.table_finished(failed)
        shown.run_finished(result)
    text = capsys.readouterr().out
    assert "no access with ***" in text
    assert "s3cret" not in text
