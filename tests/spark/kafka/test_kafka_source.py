"""A topic of a real broker: each record once, bad ones in quarantine, lost ones named, and no credential anywhere."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import LostOffsetsError
from lakehouse.pipelines import Flow, from_kafka
from tests.kafka_broker import PASSWORD, USER, Broker
from tests.kafka_client import KafkaClient
from tests.spark.kafka.kafka_lake import Lake

pytestmark = pytest.mark.spark
PATIENT = {"default.api.timeout.ms": "280000", "request.timeout.ms": "280000"}
"""A machine that stands still for a while is no broker that does not answer."""
COLUMNS = {"id": "bigint", "price": "decimal(10,2)", "tags": "array<string>"}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_USER", USER)
    monkeypatch.setenv("STREAM_PASSWORD", PASSWORD)


def test_each_record_comes_once_with_its_place_and_what_can_not_be_read_is_set_aside(
    spark: SparkSession,
    kafka: Broker,
    kafka_client: KafkaClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    topic, lake = f"orders-{uuid.uuid4().hex}", Lake(spark, tmp_path / "lake")

    def flow(**more: Any) -> Flow:
        return from_kafka(
            kafka.closed_servers,
            topic,
            value="json",
            columns=COLUMNS,
            security="sasl_plaintext",
            user="env:STREAM_USER",
            password="env:STREAM_PASSWORD",
            client=PATIENT,
            **more,
        )

    kafka_client.create(topic, partitions=2)
    at = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
    kafka_client.send(
        topic,
        [b'{"id": 1, "price": 1.10, "tags": ["a"]}'],
        key=b"one",
        timestamp_ms=int(at.timestamp() * 1000),
        headers={"trace": b"\x00\xff"},
    )
    kafka_client.send(topic, [b'{"id": 2, "price": "dear", "note": "new"}', b"{broken", b"\xff{}", None])
    kafka_client.send(topic, [b'{"id": 3}'], partition=1, key=b"\xff")

    tally = lake.refreshed(flow()).tally
    assert (tally.rows_in, tally.written, tally.quarantined) == (6, 3, 3)
    one, two, tombstone = lake.rows()
    assert {**one, "_ingested_at": None} == {
        "id": 1,
        "price": one["price"],
        "tags": ["a"],
        "_key": "one",
        "_headers": [{"key": "trace", "value": b"\x00\xff"}],
        "_topic": topic,
        "_partition": 0,
        "_offset": 0,
        "_timestamp": at,
        "_tombstone": False,
        "_ingested_at": None,
        "_rescued_data": None,
    }
    assert str(one["price"]) == "1.10"
    assert (two["id"], two["price"]) == (2, None)
    assert json.loads(two["_rescued_data"]) == {"price": "dear", "note": "new"}
    assert (tombstone["_offset"], tombstone["_tombstone"], tombstone["id"]) == (4, True, None)
    aside = [
        (row["_topic"], row["_partition"], row["_offset"], row["_errors"][0]["rule"], row["_rescued_data"])
        for row in lake.rows("orders_quarantine")
    ]
    assert aside == [
        (topic, 0, 2, "readable_payload", '{"_malformed_row":"{broken"}'),
        (topic, 0, 3, "readable_payload", '{"_malformed_row":"base64:/3t9"}'),
        (topic, 1, 0, "readable_key", None),
    ]

    kafka_client.add_partitions(topic, to=3)
    kafka_client.send(topic, [b'{"id": 4}', b'{"id": 5}'], partition=0)
    kafka_client.send(topic, [b'{"id": 6}'], partition=2)
    lake.run(flow(max_offsets=1))
    assert [row["id"] for row in lake.rows()] == [1, 2, None, 4, 6]

    kafka_client.delete_before(topic, 0, 6)
    kafka_client.send(topic, [b'{"id": 7}'])
    kafka_client.delete_before(topic, 0, 7)
    error = lake.error_of(flow())
    assert isinstance(error, LostOffsetsError)
    assert f"{topic}[0] offsets 6 to 6" in str(error)
    accepted = lake.run(flow(on_loss="accept"))
    assert accepted.set_aside == {"orders": {f"{topic}[0]": "offsets 6 to 6 were gone from the brokers"}}
    assert [row["id"] for row in lake.rows()] == [1, 2, None, 4, 7, 6]

    written = "".join(path.read_text("utf-8", "replace") for path in lake.folder.rglob("*.json"))
    for text in (written, caplog.text, repr(flow()), str(error)):
        assert PASSWORD not in text
        assert json.dumps(PASSWORD)[1:-1] not in text
