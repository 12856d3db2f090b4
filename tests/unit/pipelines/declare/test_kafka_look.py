"""What a topic has to offer is known before a micro-batch begins; where a session is to be opened it is asked later."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.ingestion import KafkaInputs
from lakehouse.ingestion.kafka.offsets import TopicRanges
from lakehouse.pipelines import Backlog, from_kafka
from lakehouse.pipelines.declare.sources import KafkaSource, NewInputs

SOURCE = from_kafka("broker:9092", "orders", max_offsets=100).source
TAKEN = KafkaInputs(topics={"orders": TopicRanges(id="t", ranges={0: (5, 105)})}, waiting=250)


def looked(
    monkeypatch: pytest.MonkeyPatch, found: KafkaInputs | None, *, has_session: bool
) -> tuple[NewInputs | None, list[str]]:
    asked: list[str] = []

    def next_inputs(last: Any) -> KafkaInputs | None:
        asked.append("the brokers")
        return found

    monkeypatch.setattr(KafkaSource, "_reader", lambda self, context: SimpleNamespace(next=next_inputs))
    context: Any = SimpleNamespace(has_session=has_session)
    return SOURCE.next_inputs(context, "orders", []), asked  # type: ignore[arg-type]


def test_an_idle_topic_gives_a_stream_nothing_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, None, has_session=True) == (None, ["the brokers"])


def test_a_stream_knows_what_waits_before_it_begins_and_what_its_batch_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = looked(monkeypatch, TAKEN, has_session=True)
    assert found is not None
    assert found.known == TAKEN.as_json()
    assert found.backlog == Backlog(count=350, unit="records")
    assert found.left(TAKEN.as_json()) == Backlog(count=250, unit="records")


def test_a_plan_asks_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = looked(monkeypatch, TAKEN, has_session=False)
    assert found is not None
    assert (found.known, asked) == (None, [])
    assert (found.settle(), asked) == (TAKEN.as_json(), ["the brokers"])
