"""A run as a trace of OpenTelemetry: a span for the run, below it one for each table, below that one for each stage.

It is sent as OTLP's JSON (OpenTelemetry Protocol 1.x, "JSON Protobuf Encoding"), once, when the run is over.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.record.listener import RunListener
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.tables import root_cause
from lakehouse.version import __version__

__all__ = ["OpenTelemetry", "TraceContext"]

_TRACEPARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}")
_INTERNAL, _ERROR = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """The trace that a run is part of, and the span that it is below; without one, a trace of its own."""

    trace_id: str
    parent_span_id: str = ""

    @classmethod
    def of(cls, traceparent: str) -> TraceContext:
        """Read the variable ``TRACEPARENT`` (W3C Trace Context); anything else makes a trace of its own."""
        found = _TRACEPARENT.fullmatch(traceparent.strip())
        if found is None or not int(found["trace"], 16) or not int(found["span"], 16):
            return cls(trace_id=secrets.token_hex(16))
        return cls(trace_id=found["trace"], parent_span_id=found["span"])


class OpenTelemetry(RunListener):
    """Notes when each stage of a table ends, and sends the spans of the whole run. Thread-safe."""

    def __init__(
        self,
        subject: RunSubject,
        outbox: Outbox,
        *,
        context: TraceContext,
        service: str = "lakehouse",
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._subject = subject
        self._outbox = outbox
        self._context = context
        self._service = service
        self._clock_ns = clock_ns
        self._began_ns = clock_ns()
        self._run_span = secrets.token_hex(8)
        self._stages: dict[str, list[tuple[str, int]]] = {}
        self._spans: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def run_started(self, pipeline: str, tables: Sequence[str]) -> None:
        self._began_ns = self._clock_ns()

    def step_done(self, table: str, step: str) -> None:
        with self._lock:
            self._stages.setdefault(table, []).append((step, self._clock_ns()))

    def table_finished(self, outcome: Outcome) -> None:
        ended_ns = self._clock_ns()
        seconds, attributes, error = _facts(outcome)
        began_ns = ended_ns - round(seconds * 1e9)
        span = secrets.token_hex(8)
        of_table = {"lakehouse.table": outcome.table}
        with self._lock:
            stages = self._stages.pop(outcome.table, [])
            self._spans.append(
                self._span(
                    outcome.table,
                    span,
                    below=self._run_span,
                    between=(began_ns, ended_ns),
                    attributes={**of_table, **attributes},
                    error=error,
                )
            )
            since_ns = began_ns
            for name, at_ns in stages:
                self._spans.append(
                    self._span(
                        name,
                        secrets.token_hex(8),
                        below=span,
                        between=(min(since_ns, at_ns), at_ns),
                        attributes=of_table,
                    )
                )
                since_ns = at_ns

    def run_finished(self, result: RunResult) -> None:
        self._send(result.failures[0].error if result.failures else result.error)

    def run_failed(self, error: BaseException) -> None:
        self._send(error)

    def _send(self, error: BaseException | None) -> None:
        run = self._span(
            self._subject.pipeline,
            self._run_span,
            below=self._context.parent_span_id,
            between=(self._began_ns, self._clock_ns()),
            attributes={
                "lakehouse.pipeline": self._subject.pipeline,
                "lakehouse.run_id": self._subject.run_id,
            },
            error=error,
        )
        with self._lock:
            spans = [run, *self._spans]
        scope = {"name": "lakehouse", "version": __version__}
        resource = {"attributes": _attributes({"service.name": self._service})}
        self._outbox.send(
            {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}
        )

    def _span(
        self,
        name: str,
        span_id: str,
        *,
        below: str,
        between: tuple[int, int],
        attributes: Mapping[str, str | int],
        error: BaseException | None = None,
    ) -> dict[str, Any]:
        began_ns, ended_ns = between
        span: dict[str, Any] = {
            "traceId": self._context.trace_id,
            "spanId": span_id,
            "name": name,
            "kind": _INTERNAL,
            "startTimeUnixNano": str(began_ns),
            "endTimeUnixNano": str(ended_ns),
            "attributes": _attributes(attributes),
        }
        if below:
            span["parentSpanId"] = below
        if error is not None:
            span["status"] = {"code": _ERROR, "message": root_cause(error)}
        return span


def _facts(outcome: Outcome) -> tuple[float, Mapping[str, str | int], BaseException | None]:
    """Return how long a table took, what is to be known of it, and why it failed."""
    match outcome:
        case Refreshed():
            tallies = [refresh.tally for refresh in outcome.refreshes]
            counts = {
                "lakehouse.rows.written": sum(tally.written for tally in tallies),
                "lakehouse.rows.dropped": sum(tally.dropped for tally in tallies),
                "lakehouse.rows.quarantined": sum(tally.quarantined for tally in tallies),
                "lakehouse.version": outcome.refreshes[-1].version,
            }
            seconds = sum(refresh.seconds for refresh in outcome.refreshes)
            return seconds, {"lakehouse.state": "done", **counts}, None
        case Failed():
            return outcome.seconds, {"lakehouse.state": "failed"}, outcome.error
        case Skipped():
            return 0.0, {"lakehouse.state": "skipped", "lakehouse.because": outcome.because}, None
        case NothingNew():
            return 0.0, {"lakehouse.state": "nothing new"}, None


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}}
        for key, value in values.items()
    ]
