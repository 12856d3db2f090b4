"""A run, and each of its tables, has one START and one end; a dead server costs nothing."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
import uuid
from base64 import b64decode
from http.client import BadStatusLine
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.error import HTTPError

import pytest
from runs_to_tell import OUTCOMES, result, subject

from lakehouse import masking
from lakehouse.errors import TableError
from lakehouse.pipelines import (
    Failed,
    RunListener,
)
from lakehouse.pipelines.open_events import Listeners, listeners_from_environment
from lakehouse.pipelines.open_events.http_target import HttpTarget
from lakehouse.pipelines.open_events.openlineage import OpenLineage
from lakehouse.pipelines.open_events.outbox import Outbox

PARENT = "11111111-1111-1111-1111-111111111111"


def told(tell: Any, **options: Any) -> list[dict[str, Any]]:
    """Return the events that are sent while ``tell`` tells a listener what happens."""
    sent: list[bytes] = []
    listener = OpenLineage(subject(), Outbox(sent.append), **options)
    tell(listener)
    return [json.loads(each) for each in sent]


def whole_run(listener: RunListener) -> None:
    listener.run_started("shop", ["raw", "sales", "days", "rest"])
    listener.step_done("sales", "batch")
    listener.step_done("sales", "publish")
    for outcome in OUTCOMES:
        listener.table_finished(outcome)
    listener.run_finished(result())


def test_a_run_and_each_table_begin_once_and_end_once() -> None:
    events = told(whole_run)
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


def test_every_event_and_facet_has_what_the_standard_requires() -> None:
    events = told(whole_run, namespace="here", parent=f"airflow/dag/task/{PARENT}")

    def check_facets(facets: dict[str, Any]) -> None:
        for facet in facets.values():
            assert facet["_producer"].startswith("urn:")
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")

    run_ids: dict[str, set[str]] = {}
    for event in events:
        assert {"eventTime", "producer", "schemaURL", "run", "job", "inputs", "outputs"} <= event.keys()
        assert dt.datetime.fromisoformat(event["eventTime"]).tzinfo is not None
        assert event["job"]["namespace"] == "here"
        uuid.UUID(event["run"]["runId"])
        run_ids.setdefault(event["job"]["name"], set()).add(event["run"]["runId"])
        check_facets(event["run"]["facets"])
        for dataset in (*event["inputs"], *event["outputs"]):
            assert {"namespace", "name"} <= dataset.keys()
            check_facets(dataset.get("facets", {}))
            check_facets(dataset.get("outputFacets", {}))
    assert all(len(each) == 1 for each in run_ids.values())
    assert len(set().union(*run_ids.values())) == 5
    parents = {event["job"]["name"]: event["run"]["facets"]["parent"] for event in events}
    assert parents["shop"]["run"]["runId"] == PARENT
    assert parents["shop"]["job"] == {"namespace": "airflow/dag", "name": "task"}
    assert parents["shop.sales"]["run"]["runId"] == next(iter(run_ids["shop"]))


def test_a_table_tells_its_version_rows_columns_and_where_they_come_from() -> None:
    event = next(
        each
        for each in told(whole_run)
        if (each["job"]["name"], each["eventType"]) == ("shop.sales", "COMPLETE")
    )
    raw = {"namespace": "file", "name": "/lake/bronze/raw"}
    assert event["inputs"] == [raw]
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


def test_a_failure_tells_its_cause() -> None:
    error = TableError("it broke.")
    error.__cause__ = ValueError("the disk is full")
    failed = Failed(table="days", error=error, seconds=1.0)
    event = told(lambda listener: (listener.table_finished(failed), listener.run_failed(error)))[1]
    assert event["run"]["facets"]["errorMessage"]["message"] == "the disk is full"


def test_tables_that_were_in_work_when_a_run_stops_are_aborted() -> None:
    def stopped(listener: RunListener) -> None:
        listener.run_started("shop", ["raw"])
        listener.step_done("raw", "batch")
        listener.run_failed(KeyboardInterrupt())

    events = [(event["job"]["name"], event["eventType"]) for event in told(stopped)]
    assert events == [("shop", "START"), ("shop.raw", "START"), ("shop.raw", "ABORT"), ("shop", "ABORT")]


def test_hidden_values_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cret"})
    sent: list[bytes] = []
    outbox = Outbox(sent.append)
    outbox.send({"text": "key=s3cret"})
    outbox.close()
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
    outbox.close()
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
        threading.Thread(target=server.serve_forever, daemon=True).start()
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
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"OPENLINEAGE_URL": url, "OPENLINEAGE_API_KEY": "key"}
        (listener,) = listeners_from_environment(subject(), environment)
        whole_run(listener)
        server.shutdown()
    assert len(seen) == 10
    assert {(path, key) for path, key, _ in seen} == {("/api/v1/lineage", "Bearer key")}


def test_a_server_that_hangs_makes_nobody_wait() -> None:
    released = threading.Event()
    outbox = Outbox(lambda body: (released.wait(30), None)[1])
    began = time.monotonic()
    for _ in range(1_500):
        outbox.send({"n": 1})
    outbox.close(timeout_seconds=0.05)
    assert time.monotonic() - began < 5
    released.set()


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


def test_a_table_in_a_store_is_named_by_store_and_key() -> None:
    from lakehouse.pipelines.open_events.openlineage import _location

    assert _location("s3://bucket/lake/silver/sales") == {
        "namespace": "s3://bucket",
        "name": "lake/silver/sales",
    }
