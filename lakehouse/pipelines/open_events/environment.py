"""Which listeners the environment asks for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from lakehouse.masking import hide
from lakehouse.pipelines.open_events.openlineage import OpenLineage
from lakehouse.pipelines.open_events.opentelemetry import OpenTelemetry, TraceContext
from lakehouse.pipelines.open_events.outbox import HttpTarget, Outbox
from lakehouse.pipelines.open_events.prometheus import PrometheusFile
from lakehouse.pipelines.open_events.subject import RunSubject
from lakehouse.pipelines.open_events.webhook import Webhook
from lakehouse.pipelines.record.listener import RunListener

__all__ = ["listeners_from_environment"]

_log = logging.getLogger(__name__)


def listeners_from_environment(subject: RunSubject, environment: Mapping[str, str]) -> Sequence[RunListener]:
    """Return the listeners of a run; a variable that can't be used is logged, and counts as not set.

    ``LAKEHOUSE_PROMETHEUS_FILE``, ``LAKEHOUSE_NOTIFY_URL`` (and ``LAKEHOUSE_NOTIFY_QUARANTINED``, a share of rows),
    ``OPENLINEAGE_URL`` (and ``_API_KEY``, ``_ENDPOINT``, ``_NAMESPACE``, ``_PARENT_ID``, ``_DISABLED``),
    ``OTEL_EXPORTER_OTLP_ENDPOINT`` (and ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``, ``OTEL_EXPORTER_OTLP_HEADERS``,
    ``OTEL_SERVICE_NAME``, ``OTEL_SDK_DISABLED``, ``TRACEPARENT``).
    """
    return list(_found(subject, environment))


def _found(subject: RunSubject, environment: Mapping[str, str]) -> Iterator[RunListener]:
    makers: Sequence[Callable[[RunSubject, Mapping[str, str]], RunListener | None]] = (
        _prometheus,
        _webhook,
        _openlineage,
        _opentelemetry,
    )
    for make in makers:
        try:
            listener = make(subject, environment)
        except ValueError as error:
            _log.warning("A listener of the environment is left out: %s", error)
            continue
        if listener is not None:
            yield listener


def _prometheus(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    file = environment.get("LAKEHOUSE_PROMETHEUS_FILE")
    return PrometheusFile(subject, Path(file)) if file else None


def _webhook(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    url = environment.get("LAKEHOUSE_NOTIFY_URL")
    if not url:
        return None
    hide(url)  # whoever knows the address of a webhook can write to it
    share = float(environment.get("LAKEHOUSE_NOTIFY_QUARANTINED", "1"))
    return Webhook(subject, Outbox(HttpTarget(url)), quarantined_share=share)


def _openlineage(subject: RunSubject, environment: Mapping[str, str]) -> RunListener | None:
    url = environment.get("OPENLINEAGE_URL")
    if not url or environment.get("OPENLINEAGE_DISABLED", "").lower() == "true":
        return None
    key = environment.get("OPENLINEAGE_API_KEY", "")
    hide(key)
    endpoint = environment.get("OPENLINEAGE_ENDPOINT", "api/v1/lineage")
    target = HttpTarget(
        f"{url.rstrip('/')}/{endpoint.lstrip('/')}",
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )
    return OpenLineage(
        subject,
        Outbox(target),
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
        hide(headers[name.strip()])
    return OpenTelemetry(
        subject,
        Outbox(HttpTarget(url, headers=headers)),
        context=TraceContext.of(environment.get("TRACEPARENT", "")),
        service=environment.get("OTEL_SERVICE_NAME", "lakehouse"),
    )
