"""Which listeners the environment asks for."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from lakehouse.masking import hide, masked
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.open_events.http_target import HttpTarget, hide_key
from lakehouse.pipelines.open_events.openlineage import OpenLineage
from lakehouse.pipelines.open_events.openlineage_transport import openlineage_target
from lakehouse.pipelines.open_events.opentelemetry import OpenTelemetry, TraceContext
from lakehouse.pipelines.open_events.outbox import outbox_to
from lakehouse.pipelines.open_events.prometheus import PrometheusFile
from lakehouse.pipelines.open_events.staleness import Staleness
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.open_events.webhook import Webhook
from lakehouse.pipelines.record.listener import RunListener

__all__ = ["listeners_from_environment"]

_log = logging.getLogger(__name__)


def listeners_from_environment(subject: RunSubject, environment: Mapping[str, str]) -> Sequence[RunListener]:
    """Return the listeners of a run; a variable that can't be used is logged, and counts as not set.

    ``LAKEHOUSE_PROMETHEUS_FILE``, ``LAKEHOUSE_NOTIFY_URL`` (and ``LAKEHOUSE_NOTIFY_QUARANTINED``, a share of rows,
    and ``LAKEHOUSE_NOTIFY_STALE``, a length of time),
    ``OPENLINEAGE_URL`` or ``OPENLINEAGE_CONFIG`` (and ``_API_KEY``, ``_ENDPOINT``, ``_NAMESPACE``, ``_PARENT_ID``,
    ``_DISABLED``, ``OPENLINEAGE__TRANSPORT__…``),
    ``OTEL_EXPORTER_OTLP_ENDPOINT`` (and ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``, ``OTEL_EXPORTER_OTLP_HEADERS``,
    ``OTEL_SERVICE_NAME``, ``OTEL_SDK_DISABLED``, ``TRACEPARENT``).
    """
    return list(_found(subject, environment))


def _found(subject: RunSubject, environment: Mapping[str, str]) -> Iterator[RunListener]:
    makers: Mapping[str, Callable[[RunSubject, Mapping[str, str]], RunListener | None]] = {
        "LAKEHOUSE_PROMETHEUS_FILE": _prometheus,
        "LAKEHOUSE_NOTIFY_URL": _webhook,
        "OPENLINEAGE_URL": _openlineage,
        "OTEL_EXPORTER_OTLP_ENDPOINT": _opentelemetry,
    }
    for variable, make in makers.items():
        try:
            listener = make(subject, environment)
        except ValueError as error:
            _warn_once(f"The listener of {variable} is left out: {masked(str(error))}")
            continue
        if listener is not None:
            yield listener


@cache
def _warn_once(message: str) -> None:
    """Log a warning, unless this process did so already: each micro-batch of a stream asks the environment."""
    _log.warning("%s", message)


def _prometheus(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    file = environment.get("LAKEHOUSE_PROMETHEUS_FILE")
    return PrometheusFile(subject, Path(file)) if file else None


def _webhook(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    url = environment.get("LAKEHOUSE_NOTIFY_URL", "").strip()
    if not url:
        return None
    hide(url)  # whoever knows the address of a webhook can write to it
    longest = _used(environment, "LAKEHOUSE_NOTIFY_STALE", _longest)
    share = _used(environment, "LAKEHOUSE_NOTIFY_QUARANTINED", _share)
    return Webhook(
        subject,
        outbox_to(HttpTarget.of(url)),
        quarantined_share=1.0 if share is None else share,
        staleness=None if longest is None else Staleness(subject, longest),
    )


_Value = TypeVar("_Value")


def _used(environment: Mapping[str, str], variable: str, read: Callable[[str], _Value]) -> _Value | None:
    """Return what a variable beside the listener's own says; None where it is not set, or wrong, which is logged."""
    text = environment.get(variable, "").strip()
    if not text:
        return None
    try:
        return read(text)
    except ValueError as error:
        _warn_once(f"{variable} is {text!r} and counts as not set; expected {error}")
        return None


def _longest(text: str) -> dt.timedelta:
    longest = duration(text)
    if not longest:
        raise ValueError("a length of time, such as '26 hours'")
    return longest


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise ValueError("a share of rows, such as 0.01")


def _openlineage(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    target = openlineage_target(environment)
    if target is None:
        return None
    return OpenLineage(
        subject,
        outbox_to(target),
        namespace=environment.get("OPENLINEAGE_NAMESPACE", "default"),
        parent=environment.get("OPENLINEAGE_PARENT_ID", ""),
    )


def _opentelemetry(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    base = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
    url = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (f"{base}/v1/traces" if base else "")
    if not url or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    headers = {}
    for each in filter(None, environment.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",")):
        name, _, value = each.partition("=")
        headers[name.strip()] = unquote(value.strip())
        hide_key(headers[name.strip()])
    return OpenTelemetry(
        subject,
        outbox_to(HttpTarget.of(url, headers=headers)),
        context=TraceContext.of(environment.get("TRACEPARENT", "")),
        service=environment.get("OTEL_SERVICE_NAME", "lakehouse"),
    )
