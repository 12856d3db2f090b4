"""A run is one trace: stages below tables, tables below the run, and the run below whoever started it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from runs_to_tell import refreshed, result, subject

from lakehouse import masking
from lakehouse.errors import TableError
from lakehouse.pipelines import Failed, NothingNew
from lakehouse.pipelines.open_events import listeners_from_environment
from lakehouse.pipelines.open_events.opentelemetry import OpenTelemetry, TraceContext
from lakehouse.pipelines.open_events.outbox import Outbox

PARENT = TraceContext.of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def trace(clock: Iterator[int]) -> dict[str, dict[str, Any]]:
    """Return the spans of a run by name, at the moments that ``clock`` gives."""
    sent: list[bytes] = []
    outbox = Outbox(sent.append)
    listener = OpenTelemetry(subject(), outbox, context=PARENT, clock_ns=lambda: next(clock) * 10**9)
    listener.run_started("shop", ["raw", "sales", "days"])
    listener.table_finished(NothingNew(table="raw"))
    for step in ("batch", "validate", "publish"):
        listener.step_done("sales", step)
    listener.table_finished(refreshed("sales"))
    listener.table_finished(Failed(table="days", error=TableError("it broke."), seconds=2.0))
    listener.run_finished(result())
    outbox.flush()
    (document,) = map(json.loads, sent)
    (resource,) = document["resourceSpans"]
    assert resource["resource"]["attributes"] == [
        {"key": "service.name", "value": {"stringValue": "lakehouse"}}
    ]
    (scope,) = resource["scopeSpans"]
    return {span["name"]: span for span in scope["spans"]}


def test_spans_stand_below_each_other_and_within_each_other() -> None:
    spans = trace(count(100))
    assert set(spans) == {"shop", "raw", "sales", "batch", "validate", "publish", "days"}
    assert {span["traceId"] for span in spans.values()} == {"0af7651916cd43dd8448eb211c80319c"}
    assert len({span["spanId"] for span in spans.values()}) == len(spans)
    below = {name: span["parentSpanId"] for name, span in spans.items()}
    assert below["shop"] == "b7ad6b7169203331"
    assert {below[name] for name in ("raw", "sales", "days")} == {spans["shop"]["spanId"]}
    assert {below[name] for name in ("batch", "validate", "publish")} == {spans["sales"]["spanId"]}
    for span in spans.values():
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    ends = [spans[name]["endTimeUnixNano"] for name in ("batch", "validate", "publish")]
    assert ends == sorted(ends)


def test_a_table_has_its_counts_and_a_failure_its_cause() -> None:
    spans = trace(count(100))
    sales = {each["key"]: each["value"] for each in spans["sales"]["attributes"]}
    assert sales["lakehouse.rows.written"] == {"intValue": "7"}
    assert sales["lakehouse.state"] == {"stringValue": "done"}
    assert spans["days"]["status"] == {"code": 2, "message": "it broke"}
    assert spans["shop"]["status"]["code"] == 2
    assert "status" not in spans["sales"]
    assert int(spans["days"]["endTimeUnixNano"]) - int(spans["days"]["startTimeUnixNano"]) == 2 * 10**9


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
def test_without_a_parent_a_run_has_a_trace_of_its_own(given: str) -> None:
    context = TraceContext.of(given)
    assert len(context.trace_id) == 32
    assert int(context.trace_id, 16)
    assert context.parent_span_id == ""


def test_the_keys_in_headers_are_hidden_and_short_values_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    headers = "x-scope-orgid=1,authorization=Bearer%20long-enough"
    listeners_from_environment(
        subject(),
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:1", "OTEL_EXPORTER_OTLP_HEADERS": headers},
    )
    assert masking.masked("11 rows, long-enough") == "11 rows, ***"


def test_it_is_off_where_the_environment_says_so() -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:1"}
    assert len(listeners_from_environment(subject(), endpoint)) == 1
    assert listeners_from_environment(subject(), {**endpoint, "OTEL_SDK_DISABLED": "true"}) == []
