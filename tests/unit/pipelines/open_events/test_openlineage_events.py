"""A run, and each of its tables, has one START and one end; a dead server costs nothing."""

from __future__ import annotations

import threading
from base64 import b64decode
from http.client import BadStatusLine
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from runs_to_tell import events_of_a_run, subject, tell_a_run

from lakehouse import masking
from lakehouse.errors import TableError
from lakehouse.pipelines import (
    Failed,
    RunListener,
)
from lakehouse.pipelines.declare.sources.dataset_name import DatasetName
from lakehouse.pipelines.open_events import Listeners, listeners_from_environment
from lakehouse.pipelines.open_events.http_target import HttpTarget
from lakehouse.pipelines.open_events.openlineage import OpenLineage
from lakehouse.pipelines.open_events.outbox import Outbox, flush_outboxes, outbox_to

PARENT = "11111111-1111-1111-1111-111111111111"


def test_a_run_and_each_table_begin_once_and_end_once() -> None:
    events = events_of_a_run()
    kinds: dict[str, list[str]] = {}
    for event in events:
        kinds.setdefault(event["job"]["name"], []).append(event["eventType"])
    assert kinds == {
        "shop": ["START", "FAIL"],
        "shop.raw": ["START", "COMPLETE"],
        "shop.sales": ["START", "COMPLETE"],
        "shop.days": ["START", "FAIL"],
        "shop.rest": ["START", "ABORT"],
    }


def test_the_events_of_a_run_share_its_identifier_and_name_its_parent() -> None:
    events = events_of_a_run(namespace="here", parent=f"airflow/dag/task/{PARENT}")
    run_ids: dict[str, set[str]] = {}
    for event in events:
        assert event["job"]["namespace"] == "here"
        run_ids.setdefault(event["job"]["name"], set()).add(event["run"]["runId"])
    assert all(len(each) == 1 for each in run_ids.values())
    assert len(set().union(*run_ids.values())) == 5
    parents = {event["job"]["name"]: event["run"]["facets"]["parent"] for event in events}
    assert parents["shop"]["run"]["runId"] == PARENT
    assert parents["shop"]["job"] == {"namespace": "airflow/dag", "name": "task"}
    assert parents["shop.sales"]["run"]["runId"] == next(iter(run_ids["shop"]))


def test_a_table_tells_its_version_rows_columns_and_where_they_come_from() -> None:
    event = next(
        each
        for each in events_of_a_run()
        if (each["job"]["name"], each["eventType"]) == ("shop.sales", "COMPLETE")
    )
    raw = {"namespace": "file", "name": "/lake/bronze/raw"}
    (read,) = event["inputs"]
    assert {"namespace": read["namespace"], "name": read["name"]} == raw
    judged = read["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [(each["name"], each["success"], each["severity"], each["actual"]) for each in judged] == [
        ("priced", False, "error", "2"),
        ("noted", True, "warn", "0"),
    ]
    (output,) = event["outputs"]
    assert (output["namespace"], output["name"]) == ("file", "/lake/silver/sales")
    assert output["facets"]["version"]["datasetVersion"] == "4"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 7
    assert output["facets"]["schema"]["fields"] == [{"name": "price", "type": "int"}]
    lineage = output["facets"]["columnLineage"]
    assert lineage["fields"]["price"]["inputFields"] == [
        {
            **raw,
            "field": "price",
            "transformations": [
                {"type": "DIRECT", "subtype": "IDENTITY"},
                {"type": "INDIRECT", "subtype": "FILTER"},
            ],
        }
    ]
    assert lineage["dataset"] == [
        {**raw, "field": "price", "transformations": [{"type": "INDIRECT", "subtype": "FILTER"}]}
    ]


def test_a_table_of_files_reads_their_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    inputs = [event["inputs"] for event in events_of_a_run() if event["job"]["name"] == "shop.raw"]
    assert inputs == [[{"namespace": "file", "name": str(tmp_path / "in")}]] * 2


@pytest.mark.parametrize(
    ("named", "dataset"),
    [
        (DatasetName.matching("/in/2024-*/a.csv"), ("file", "/in")),
        (DatasetName.matching("file:/in/a.csv"), ("file", "/in/a.csv")),
        (DatasetName.matching("s3://shop/in/**/*.csv"), ("s3://shop", "in")),
        (DatasetName.at("abfss://a@b.net/lake/t"), ("abfss://a@b.net", "lake/t")),
        (DatasetName.behind("https://ann:pass@api.org/v1/sales?key=s"), ("https://api.org", "v1/sales")),
        (
            DatasetName.in_database("jdbc:postgresql://db:5432/shop?user=x", "public.orders"),
            ("postgres://db:5432", "shop.public.orders"),
        ),
        (
            DatasetName.in_database("jdbc:sqlserver://db:1433;databaseName=shop", "orders"),
            ("sqlserver://db:1433", "orders"),
        ),
    ],
)
def test_a_place_is_named_as_the_standard_names_it(named: DatasetName, dataset: tuple[str, str]) -> None:
    assert named == dataset


def test_a_failure_tells_its_cause() -> None:
    error = TableError("it broke.")
    error.__cause__ = ValueError("the disk is full")
    failed = Failed(table="days", error=error, seconds=1.0)
    event = events_of_a_run(lambda listener: (listener.table_finished(failed), listener.run_failed(error)))[1]
    assert event["run"]["facets"]["errorMessage"]["message"] == "the disk is full"


def test_tables_that_were_in_work_when_a_run_stops_are_aborted() -> None:
    def stopped(listener: RunListener) -> None:
        listener.run_started("shop", ["raw"])
        listener.step_done("raw", "batch")
        listener.run_failed(KeyboardInterrupt())

    events = [(event["job"]["name"], event["eventType"]) for event in events_of_a_run(stopped)]
    assert events == [("shop", "START"), ("shop.raw", "START"), ("shop.raw", "ABORT"), ("shop", "ABORT")]


def test_hidden_values_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cret"})
    sent: list[bytes] = []
    outbox = Outbox(sent.append)
    outbox.send({"text": "key=s3cret"})
    outbox.flush()
    assert sent == [b'{"text":"key=***"}']


def test_what_a_server_answers_stops_no_later_document() -> None:
    sent: list[bytes] = []

    def target(body: bytes) -> None:
        sent.append(body)
        if len(sent) == 1:
            raise BadStatusLine("no HTTP at all")

    outbox = Outbox(target)
    outbox.send({"n": 1})
    outbox.send({"n": 2})
    outbox.flush()
    assert sent == [b'{"n":1}', b'{"n":2}']


def test_a_password_in_an_address_goes_into_a_header_and_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    target = HttpTarget.of("https://ann:p%40ss@host:8443/api?x=1", headers={"X-Tenant": "1"})
    assert target.url == "https://host:8443/api?x=1"
    assert b64decode(target.headers["Authorization"].removeprefix("Basic ")) == b"ann:p@ss"
    assert masking.masked(f"p@ss p%40ss {target.headers['Authorization']} ann") == "*** *** Basic *** ann"
    token = HttpTarget.of("https://ann:pass@host", headers={"Authorization": "Bearer t"})
    assert token.headers["Authorization"] == "Bearer t"


def test_a_server_that_redirects_gets_no_key_elsewhere() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(HTTPError, match="302"):
            HttpTarget(f"http://127.0.0.1:{server.server_port}/here")(b"{}")
        server.shutdown()
    assert asked == ["/here"]


def test_events_are_posted_to_the_server_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    seen: list[tuple[str, str | None, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers["Authorization"], body))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"OPENLINEAGE_URL": url, "OPENLINEAGE_API_KEY": "key"}
        (listener,) = listeners_from_environment(subject(), environment)
        tell_a_run(listener)
        flush_outboxes()
        server.shutdown()
    assert len(seen) == 10
    assert {(path, key) for path, key, _ in seen} == {("/api/v1/lineage", "Bearer key")}


def test_a_server_that_hangs_makes_no_run_wait_and_the_process_a_bounded_time() -> None:
    released = threading.Event()
    outbox = outbox_to(lambda body: (released.wait(30), None)[1])
    for _ in range(120):
        tell_a_run(OpenLineage(subject(), outbox))  # ten events each
    assert not released.is_set()
    flush_outboxes(timeout_seconds=0.05)
    released.set()
    outbox.flush()


def test_runs_that_follow_each_other_share_a_thread_which_ends_when_nothing_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[bytes, threading.Thread]] = []

    def target(body: bytes) -> None:
        sent.append((body, threading.current_thread()))

    for number in range(2):
        outbox_to(target).send({"n": number})
        outbox_to(target).flush()
    monkeypatch.setattr("lakehouse.pipelines.open_events.outbox._IDLE_SECONDS", 0.01)
    outbox_to(target).send({"n": 2})
    sent[0][1].join(10)
    assert not sent[0][1].is_alive()
    outbox_to(target).send({"n": 3})
    outbox_to(target).flush()
    assert [body for body, _ in sent] == [b'{"n":0}', b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert [thread is sent[0][1] for _, thread in sent] == [True, True, True, False]


def test_a_listener_that_breaks_harms_neither_the_run_nor_the_others() -> None:
    heard: list[str] = []

    class Broken(RunListener):
        def run_started(self, pipeline: str, tables: Any) -> None:
            raise ZeroDivisionError

    class Noting(RunListener):
        def __init__(self, name: str) -> None:
            self.name = name

        def run_started(self, pipeline: str, tables: Any) -> None:
            heard.append(self.name)

    Listeners(Noting("first"), [Broken(), Noting("last")]).run_started("shop", [])
    assert heard == ["first", "last"]
    with pytest.raises(ZeroDivisionError):
        Listeners(Broken(), []).run_started("shop", [])
