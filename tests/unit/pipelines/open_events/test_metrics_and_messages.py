"""What Prometheus and a webhook are told follows from the event log alone."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from runs_to_tell import refreshed

from lakehouse import masking
from lakehouse.delta_log import TransactionManager
from lakehouse.errors import TableError
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Event,
    EventLog,
    Failed,
    NothingNew,
    Outcome,
    RunRecord,
    RunResult,
    Warehouse,
    from_files,
    graph_of,
)
from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.open_events import RunSubject, listeners_from_environment
from lakehouse.pipelines.open_events.environment import _warn_once
from lakehouse.pipelines.open_events.http_target import HttpTarget
from lakehouse.pipelines.open_events.openlineage_transport import openlineage_target
from lakehouse.pipelines.open_events.outbox import Outbox, flush_outboxes
from lakehouse.pipelines.open_events.prometheus import PrometheusFile, metrics_text
from lakehouse.pipelines.open_events.staleness import Staleness
from lakehouse.pipelines.open_events.standing import Standing
from lakehouse.pipelines.open_events.webhook import Webhook, message_about

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def nothing_is_logged_yet() -> None:
    _warn_once.cache_clear()


def record(hours: int, *events: Event, status: str = "ok", **more: Any) -> RunRecord:
    run = event("run", hours, status=status, duration_seconds=5.0, **more)
    return RunRecord(run=run, events=tuple(events))


def event(kind: Any, hours: int = 0, **more: Any) -> Event:
    return Event(
        run_id=f"r{hours}",
        pipeline="shop",
        kind=kind,
        started_at=NOON + dt.timedelta(hours=hours),
        **more,
    )


def table(name: str, status: str = "ok", **more: Any) -> Event:
    return event("table", table=name, status=status, **more)


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_table_has_the_metrics_of_its_last_refresh_and_of_its_last_success() -> None:
    older = record(
        1,
        table("sales", rows_out=90, rows_dropped=1, rows_quarantined=9, duration_seconds=2.0),
        event("rule", table="sales", name="priced", rows_broken=9),
    )
    newer = record(2, table("sales", "nothing new"), table("days", "failed"), status="failed")
    found = samples(metrics_text([newer, older]))
    sales = 'pipeline="shop",table="sales"'
    noon = NOON.timestamp()
    assert found == {
        'lakehouse_run_failed{pipeline="shop"}': 1,
        'lakehouse_run_duration_seconds{pipeline="shop"}': 5,
        f"lakehouse_table_last_success_timestamp_seconds{{{sales}}}": noon + 7200,
        f"lakehouse_table_duration_seconds{{{sales}}}": 2,
        f'lakehouse_table_rows{{{sales},outcome="written"}}': 90,
        f'lakehouse_table_rows{{{sales},outcome="dropped"}}': 1,
        f'lakehouse_table_rows{{{sales},outcome="quarantined"}}': 9,
        f'lakehouse_rule_broken_rows{{{sales},rule="priced"}}': 9,
    }


def test_names_are_quoted_and_runs_are_in_no_label() -> None:
    text = metrics_text([record(1, table('a"b\\c\nd'))])
    assert 'table="a\\"b\\\\c\\nd"' in text
    assert "r1" not in text
    assert all(re.fullmatch(r"(# (HELP|TYPE) .+|\w+\{.*\} [\d.e+-]+)", line) for line in text.splitlines())


def told(*records: RunRecord, share: float = 1.0) -> list[str | None]:
    """Return what is said after each of these runs, the oldest first."""
    standing, said = Standing(), []
    for each in records:
        after = standing.after(each, quarantined_share=share)
        said.append(message_about("shop", before=standing.told, now=after.told))
        standing = after
    return said


def test_the_same_failure_is_told_once_and_its_end_once() -> None:
    bad = [
        record(hours, table("sales", "failed", root_cause=why), status="failed")
        for hours, why in enumerate(("disk full", "no such host"))
    ]
    good = record(3, table("sales"))
    assert told(*bad, good, good) == [
        "✕ shop needs a look\nsales: disk full",
        None,
        "✓ shop is well again: sales",
        None,
    ]


def test_another_table_that_fails_is_news() -> None:
    first = record(1, table("a", "failed", root_cause="x"), status="failed")
    second = record(2, table("b", "failed", root_cause="y"), table("a"), status="failed")
    assert told(first, second)[1] == "✕ shop needs a look\nb: y\nwell again: a"


def test_a_table_that_runs_left_out_or_skipped_is_not_well_again_however_many_they_are() -> None:
    failed = record(1, table("a", "failed", root_cause="x"), table("b", "skipped"), status="failed")
    beside = [record(hours, table("b")) for hours in range(2, 100)]
    waits = record(100, table("a", "skipped"), table("b"))
    again = record(101, table("a", "failed", root_cause="x"), status="failed")
    good = record(102, table("a"))
    said = told(failed, *beside, waits, again, good)
    assert [each for each in said if each] == [
        "✕ shop needs a look\na: x",
        "✓ shop is well again: a",
    ]
    assert said[-1] is not None


@pytest.mark.parametrize(("share", "is_told"), [(0.01, True), (0.02, False), (1.0, False)])
def test_more_rows_in_quarantine_than_the_bound_are_told(share: float, is_told: bool) -> None:
    run = record(1, table("sales", rows_in=1000, rows_quarantined=20))
    (said,) = told(run, share=share)
    assert (said == "✕ shop needs a look\nsales: 20 of 1,000 rows are in quarantine") is is_told


def test_what_stopped_a_run_is_told_until_one_comes_to_its_end() -> None:
    stopped = record(1, status="failed", error_message="it stopped", root_cause="no memory")
    assert told(stopped, record(2, table("a"))) == [
        "✕ shop needs a look\nthe run: no memory",
        "✓ shop is well again: the run",
    ]


def test_a_webhook_goes_on_from_what_was_told_in_earlier_runs_and_forgets_tables_that_are_gone(
    tmp_path: Path,
) -> None:
    sent: list[bytes] = []
    outbox = Outbox(sent.append)

    def run(outcomes: Sequence[Outcome], *, declared: Sequence[str] = ("sales", "gone")) -> None:
        webhook = Webhook(shop(tmp_path, declared), outbox)
        for outcome in outcomes:
            webhook.table_finished(outcome)
        result = RunResult(
            run_id="r",
            pipeline="shop",
            started_at=NOON,
            seconds=1.0,
            outcomes={each.table: each for each in outcomes},
        )
        webhook.run_finished(result)

    failed = [Failed(table=name, error=TableError("it broke."), seconds=1.0) for name in ("sales", "gone")]
    run(failed)
    run([NothingNew(table="gone")])
    run(failed)
    run([], declared=["sales"])
    Webhook(shop(tmp_path, ["sales"]), outbox).run_failed(KeyboardInterrupt("SIGTERM"))
    run([NothingNew(table="sales")], declared=["sales"])
    outbox.flush()
    assert [json.loads(each)["text"].splitlines() for each in sent] == [
        ["✕ shop needs a look", "gone: it broke", "sales: it broke"],
        ["✕ shop needs a look", "sales: it broke", "well again: gone"],
        ["✕ shop needs a look", "gone: it broke", "sales: it broke"],
        [
            "✕ shop needs a look",
            "sales: it broke",
            "the run: the run was stopped by SIGTERM; tables that were in work are as they were. "
            "Fix: run again: the next run finishes their batches",
        ],
        ["✓ shop is well again: sales, the run"],
    ]


def shop(home: Path, tables: Sequence[str]) -> RunSubject:
    """Return a run of a pipeline of Bronze tables."""
    builder = DeclarativePipelineBuilder("shop")
    for name in tables:
        builder = builder.bronze(name, from_files("in/*.csv", columns={"units": "int"}))
    graph = graph_of(builder.build())
    return RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=Warehouse.at(home))


def test_a_table_is_stale_when_it_took_no_batch_for_longer_than_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = shop(tmp_path, ["sales", "none", "foreign"])
    path = str(tmp_path / "bronze" / "sales")
    hour_ns, now_ns = 3600 * 10**9, time.time_ns()
    with monkeypatch.context() as patch:
        patch.setattr(
            "lakehouse.delta_log.transaction.transaction.time.time_ns", lambda: now_ns - 30 * hour_ns
        )
        with TransactionManager().transaction(path) as transaction:
            transaction.append(pa.table({"units": [1]}))
            transaction.set_transaction("lakehouse/shop/sales", 0)
    for each in (path, str(tmp_path / "bronze" / "foreign")):
        with TransactionManager().transaction(each) as transaction:
            transaction.append(pa.table({"units": [2]}))  # as upkeep is, a commit of no batch
    now = dt.datetime.now(dt.UTC)
    assert Staleness(subject, dt.timedelta(hours=31)).now(now) == {}
    assert list(Staleness(subject, dt.timedelta(hours=29)).now(now)) == ["sales"]
    later = now + dt.timedelta(hours=30)
    assert list(Staleness(subject, dt.timedelta(hours=29)).now(later)) == ["sales", "foreign"]


def test_a_stale_table_is_told_once_and_its_end_once_and_looked_for_now_and_then(tmp_path: Path) -> None:
    sent: list[bytes] = []
    outbox, looks = Outbox(sent.append), []
    subject = shop(tmp_path, ["sales"])

    class Known(Staleness):
        def now(self, moment: dt.datetime) -> Mapping[str, str]:
            looks.append(moment)
            return {"sales": "nothing new since 2026-01-01 00:00 UTC"}

    def run(outcome: Outcome) -> None:
        webhook = Webhook(subject, outbox, staleness=Known(subject, dt.timedelta(hours=26)))
        result = RunResult(
            run_id="r", pipeline="shop", started_at=NOON, seconds=1.0, outcomes={"sales": outcome}
        )
        webhook.run_finished(result)

    for _ in range(3):
        run(NothingNew(table="sales"))
    run(refreshed("sales"))
    outbox.flush()
    assert [json.loads(each)["text"] for each in sent] == [
        "✕ shop needs a look\nsales: nothing new since 2026-01-01 00:00 UTC",
        "✓ shop is well again: sales",
    ]
    assert len(looks) == 1
    due = Known(subject, dt.timedelta(hours=100)).is_due
    assert [due(NOON + dt.timedelta(minutes=m), looked_at=NOON.isoformat()) for m in (59, 61)] == [
        False,
        True,
    ]


def test_a_table_whose_log_is_damaged_keeps_nobody_from_hearing_of_the_others(tmp_path: Path) -> None:
    sales = from_files("in/*.csv", columns={"units": "int"})
    definition = DeclarativePipelineBuilder("shop").bronze("sales", sales).bronze("torn", sales).build()
    subject = RunSubject(
        run_id="r", pipeline="shop", graph=graph_of(definition), warehouse=Warehouse.at(tmp_path)
    )
    for name in ("sales", "torn"):
        with TransactionManager().transaction(str(tmp_path / "bronze" / name)) as transaction:
            transaction.append(pa.table({"units": [1]}))
    (tmp_path / "bronze" / "torn" / "_delta_log" / f"{0:020}.json").write_text("{torn")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    assert list(Staleness(subject, dt.timedelta(hours=1)).now(later)) == ["sales"]


def test_the_file_of_prometheus_is_written_whole_and_for_other_users(tmp_path: Path) -> None:
    subject, file = shop(tmp_path / "lake", ["sales", "days"]), tmp_path / "shop.prom"
    (listener,) = listeners_from_environment(subject, {"LAKEHOUSE_PROMETHEUS_FILE": str(file)})
    listener.run_finished(run_of("sales"))
    assert 'lakehouse_run_failed{pipeline="shop"} 0' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["shop.prom"]


def test_a_table_keeps_its_metrics_however_many_runs_leave_it_out(tmp_path: Path) -> None:
    file, warehouse = tmp_path / "shop.prom", tmp_path / "lake"

    def run(*tables: str, declared: Sequence[str] = ("sales", "days")) -> dict[str, float]:
        PrometheusFile(shop(warehouse, declared), file).run_finished(run_of(*tables))
        return samples(file.read_text())

    EventLog(Warehouse.at(warehouse)).append(run_of("days"))
    known = run("sales")
    days = [each for each in known if 'table="days"' in each]
    assert len(days) == len([each for each in known if 'table="sales"' in each]) == 7
    for _ in range(40):
        known = run("sales")
    assert [each for each in known if 'table="days"' in each] == days
    assert len(known) == 16
    assert not [each for each in run("sales", declared=["sales"]) if "days" in each]
    file.write_text('lakehouse_table_rows{pipeline="else",table="sales",outcome="written"} 1\nnot a line')
    assert not [each for each in run("sales") if "else" in each]


def test_a_rule_that_a_table_lost_is_not_told_any_more() -> None:
    priced = event("rule", table="sales", name="priced", rows_broken=9)
    before = metrics_text([record(1, table("sales"), priced)])
    assert 'rule="priced"' in metrics_text([record(2, table("sales", "nothing new"))], before=before)
    assert 'rule="priced"' not in metrics_text([record(2, table("sales"))], before=before)


def run_of(*tables: str) -> RunResult:
    """Return a run that refreshed these tables."""
    return RunResult(
        run_id="r",
        pipeline="shop",
        started_at=NOON,
        seconds=1.0,
        outcomes={name: refreshed(name) for name in tables},
    )


@pytest.mark.parametrize("way", ["file", "variables"])
def test_openlineage_is_configured_as_its_own_clients_are(way: str, tmp_path: Path) -> None:
    graph = TableGraph(tables={}, inputs={}, order=(), problems=())
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=Warehouse.at(tmp_path))
    config, events = tmp_path / "openlineage.yml", tmp_path / "out" / "events.jsonl"
    config.write_text(f"transport: {{type: file, log_file_path: '{events}', append: true}}")
    environment = {
        "file": {"OPENLINEAGE_CONFIG": str(config), "OPENLINEAGE_URL": "http://localhost:1"},
        "variables": {
            "OPENLINEAGE__TRANSPORT__TYPE": "file",
            "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(events),
        },
    }[way]
    (listener,) = listeners_from_environment(subject, environment)
    listener.run_started("shop", [])
    listener.run_finished(RunResult(run_id="r", pipeline="shop", started_at=NOON, seconds=1.0, outcomes={}))
    flush_outboxes()
    assert [json.loads(line)["eventType"] for line in events.read_text().splitlines()] == [
        "START",
        "COMPLETE",
    ]
    disabled = {**environment, "OPENLINEAGE_DISABLED": "true"}
    assert listeners_from_environment(subject, disabled) == []


def test_a_configured_server_has_its_endpoint_key_and_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    config = tmp_path / "openlineage.yml"
    config.write_text(
        "transport: {type: http, url: 'https://host/', endpoint: /events, timeout: 2, "
        "auth: {type: api_key, apiKey: s3cret-key}, custom_headers: {X-Tenant: one}}"
    )
    target = openlineage_target({"OPENLINEAGE_CONFIG": str(config)})
    assert isinstance(target, HttpTarget)
    assert (target.url, target.timeout_seconds) == ("https://host/events", 2)
    assert target.headers == {"X-Tenant": "one", "Authorization": "Bearer s3cret-key"}
    assert masking.masked("s3cret-key") == "***"


@pytest.mark.parametrize(
    "text", ["transport: {type: kafka}", "transport: {type: file}", "{", "transport: {type: http}"]
)
def test_a_transport_that_can_not_be_used_is_refused(text: str, tmp_path: Path) -> None:
    config = tmp_path / "openlineage.yml"
    config.write_text(text)
    with pytest.raises(ValueError, match=r"transport|can't be read|begins with http"):
        openlineage_target({"OPENLINEAGE_CONFIG": str(config)})


@pytest.mark.parametrize("text", ["{type: http, url: 'https://h', auth: s3cret-key}", "{auth: 's3cret-key"])
def test_a_wrong_configuration_of_openlineage_neither_fails_a_run_nor_shows_its_key(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = TableGraph(tables={}, inputs={}, order=(), problems=())
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=Warehouse.at(tmp_path))
    config = tmp_path / "openlineage.yml"
    config.write_text(f"transport: {text}")
    assert listeners_from_environment(subject, {"OPENLINEAGE_CONFIG": str(config)}) == []
    assert "is left out" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_group_of_options_is_also_one_variable_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    target = openlineage_target(
        {
            "OPENLINEAGE__TRANSPORT__TYPE": "http",
            "OPENLINEAGE__TRANSPORT__URL": "https://host",
            "OPENLINEAGE__TRANSPORT__AUTH": '{"type": "api_key", "apiKey": "s3cret-key"}',
            "OPENLINEAGE__TRANSPORT__CUSTOM_HEADERS__X-Token": "t0ken-of-8",
        }
    )
    assert isinstance(target, HttpTarget)
    assert target.headers == {"X-Token": "t0ken-of-8", "Authorization": "Bearer s3cret-key"}
    assert masking.masked("s3cret-key t0ken-of-8") == "*** ***"


def test_an_environment_that_asks_for_nothing_has_no_listeners(tmp_path: Path) -> None:
    graph = TableGraph(tables={}, inputs={}, order=(), problems=())
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=Warehouse.at(tmp_path))
    assert listeners_from_environment(subject, {}) == []
    disabled = {"OPENLINEAGE_URL": "http://localhost:1", "OPENLINEAGE_DISABLED": "True"}
    assert listeners_from_environment(subject, disabled) == []


def test_a_variable_that_can_not_be_used_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = TableGraph(tables={}, inputs={}, order=(), problems=())
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=Warehouse.at(tmp_path))
    unusable = {
        "LAKEHOUSE_NOTIFY_URL": "nowhere",
        "OPENLINEAGE_URL": "nowhere",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://two words",
    }
    assert listeners_from_environment(subject, unusable) == []
    said = [each.getMessage() for each in caplog.records]
    assert [message.partition(" is left out: ")[0].split()[-1] for message in said] == list(unusable)


def test_a_wrong_bound_leaves_the_webhook_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    subject = shop(tmp_path, ["sales"])
    environment = {
        "LAKEHOUSE_NOTIFY_URL": "https://host/hook",
        "LAKEHOUSE_NOTIFY_QUARANTINED": "1 %",
        "LAKEHOUSE_NOTIFY_STALE": "long",
    }
    for _ in range(3):
        (listener,) = listeners_from_environment(subject, environment)
        assert isinstance(listener, Webhook)
    assert [each.getMessage() for each in caplog.records] == [
        "LAKEHOUSE_NOTIFY_STALE is 'long' and counts as not set; expected a length of time, such as '26 hours'",
        "LAKEHOUSE_NOTIFY_QUARANTINED is '1 %' and counts as not set; expected a share of rows, such as 0.01",
    ]
