"""What Prometheus and a webhook are told follows from the event log alone."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse import masking
from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Event,
    EventLog,
    NothingNew,
    RunRecord,
    RunResult,
    Warehouse,
    from_files,
    graph_of,
)
from lakehouse.pipelines.check.graph import TableGraph
from lakehouse.pipelines.open_events import RunSubject, listeners_from_environment
from lakehouse.pipelines.open_events.http_target import HttpTarget
from lakehouse.pipelines.open_events.openlineage_transport import openlineage_target
from lakehouse.pipelines.open_events.prometheus import metrics_text
from lakehouse.pipelines.open_events.staleness import Staleness
from lakehouse.pipelines.open_events.webhook import message_about

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


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


def test_the_same_failure_is_told_once_and_its_end_once() -> None:
    failed = table("sales", "failed", root_cause="disk full")
    bad = [record(hours, failed, status="failed") for hours in (1, 2)]
    good = record(3, table("sales"))
    assert message_about(bad[:1], quarantined_share=1) == "✕ shop needs a look\nsales: disk full"
    assert message_about([bad[1], bad[0]], quarantined_share=1) is None
    assert message_about([good, bad[1]], quarantined_share=1) == "✓ shop is well again: sales"
    assert message_about([good, good], quarantined_share=1) is None


def test_another_table_that_fails_is_news() -> None:
    first = record(1, table("a", "failed", root_cause="x"), status="failed")
    second = record(2, table("b", "failed", root_cause="y"), table("a"), status="failed")
    assert message_about([second, first], quarantined_share=1) == ("✕ shop needs a look\nb: y\nwell again: a")


def test_a_table_that_a_run_left_out_or_skipped_is_not_well_again() -> None:
    failed = record(1, table("a", "failed", root_cause="x"), table("b", "skipped"), status="failed")
    beside = record(2, table("b"))
    waits = record(3, table("a", "skipped"), table("b"))
    again = record(4, table("a", "failed", root_cause="x"), status="failed")
    good = record(5, table("a"))
    assert message_about([beside, failed], quarantined_share=1) is None
    assert message_about([waits, beside, failed], quarantined_share=1) is None
    assert message_about([again, waits, beside, failed], quarantined_share=1) is None
    told = message_about([good, again, waits, beside, failed], quarantined_share=1)
    assert told == "✓ shop is well again: a"


@pytest.mark.parametrize(("share", "is_told"), [(0.01, True), (0.02, False), (1.0, False)])
def test_more_rows_in_quarantine_than_the_bound_are_told(share: float, is_told: bool) -> None:
    run = record(1, table("sales", rows_in=1000, rows_quarantined=20))
    told = message_about([run], quarantined_share=share)
    assert (told == "✕ shop needs a look\nsales: 20 of 1,000 rows are in quarantine") is is_told


def test_a_stale_table_is_told_once_and_its_end_once() -> None:
    runs = [record(1, table("sales", "nothing new"))]
    stale = {"sales": "nothing new since 2026-01-01 00:00 UTC"}
    told = message_about(runs, quarantined_share=1, stale=stale)
    assert told == "✕ shop needs a look\nsales: nothing new since 2026-01-01 00:00 UTC"
    assert message_about(runs, quarantined_share=1, stale=stale, were_stale=["sales"]) is None
    assert message_about(runs, quarantined_share=1, were_stale=["sales"]) == "✓ shop is well again: sales"


def test_a_table_is_stale_when_its_log_has_nothing_new_for_longer_than_the_bound(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path)
    sales = from_files("in/*.csv", columns={"units": "int"})
    definition = DeclarativePipelineBuilder("shop").bronze("sales", sales).bronze("none", sales).build()
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph_of(definition), warehouse=warehouse)
    with TransactionManager().transaction(str(tmp_path / "bronze" / "sales")) as transaction:
        transaction.append(pa.table({"units": [1]}))
    staleness, now = Staleness(subject, dt.timedelta(hours=26)), dt.datetime.now(dt.UTC)
    assert staleness.now(now + dt.timedelta(hours=25)) == {}
    stale = staleness.now(now + dt.timedelta(hours=27))
    assert list(stale) == ["sales"]
    assert staleness.said() == frozenset()
    staleness.say(stale)
    assert Staleness(subject, dt.timedelta(hours=1)).said() == {"sales"}


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


def test_what_stopped_a_run_is_told() -> None:
    stopped = record(1, status="failed", error_message="it stopped", root_cause="no memory")
    assert message_about([stopped], quarantined_share=1) == "✕ shop needs a look\nthe run: no memory"


def test_the_file_of_prometheus_is_written_whole_and_for_other_users(tmp_path: Path) -> None:
    warehouse = Warehouse.at(tmp_path / "lake")
    result = RunResult(
        run_id="r",
        pipeline="shop",
        started_at=NOON,
        seconds=1.0,
        outcomes={"sales": NothingNew(table="sales")},
    )
    EventLog(warehouse).append(result)
    graph = TableGraph(tables={}, inputs={}, order=(), problems=())
    subject = RunSubject(run_id="r", pipeline="shop", graph=graph, warehouse=warehouse)
    file = tmp_path / "shop.prom"
    (listener,) = listeners_from_environment(subject, {"LAKEHOUSE_PROMETHEUS_FILE": str(file)})
    listener.run_finished(result)
    assert 'lakehouse_run_failed{pipeline="shop"} 0' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["shop.prom"]


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
    assert listeners_from_environment(
        subject, {"LAKEHOUSE_NOTIFY_URL": "https://host/hook", "LAKEHOUSE_NOTIFY_STALE": "long"}
    ) == []  # fmt: skip
    assert "LAKEHOUSE_NOTIFY_STALE is 'long'; expected a length of time" in caplog.text
    caplog.clear()
    unusable = {
        "LAKEHOUSE_NOTIFY_URL": "https://host/hook",
        "LAKEHOUSE_NOTIFY_QUARANTINED": "1 %",
        "OPENLINEAGE_URL": "nowhere",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://two words",
    }
    assert listeners_from_environment(subject, unusable) == []
    said = [each.getMessage() for each in caplog.records]
    assert [message.partition(" is left out: ")[0].split()[-1] for message in said] == [
        "LAKEHOUSE_NOTIFY_URL",
        "OPENLINEAGE_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]
    assert "LAKEHOUSE_NOTIFY_QUARANTINED is '1 %'; expected a share of rows, such as 0.01" in said[0]
