"""Runs that stop at each step, a broker that dies between them, and transactions: each record is there once."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import KafkaError, RecreatedTopicError
from lakehouse.pipelines import DeclarativePipelineBuilder, NothingNew, StreamStop, from_kafka, read
from tests.kafka_broker import Broker
from tests.kafka_client import KafkaClient
from tests.spark.kafka.kafka_lake import Lake
from tests.spark.pipelines.streaming import Seen, check_law, streaming
from tests.stopping import StopAfter

pytestmark = [pytest.mark.spark, pytest.mark.slow]
SOON = {"default.api.timeout.ms": "6000", "request.timeout.ms": "5000"}


def test_runs_that_stop_and_a_broker_that_dies_between_them_lose_and_double_nothing(
    spark: SparkSession, kafka: Broker, kafka_client: KafkaClient, tmp_path: Path
) -> None:
    topic, lake = f"orders-{uuid.uuid4().hex}", Lake(spark, tmp_path)
    columns = {"id": "bigint"}
    flow = from_kafka(kafka.servers, topic, value="json", columns=columns, client=SOON, max_offsets=40)
    kafka_client.create(topic, partitions=3)
    sent = 0
    for step in ("batch", "validate", "quarantine"):
        for partition in range(3):
            values = [b'{"id": %d}' % (sent + at) for at in range(20)]
            kafka_client.send(topic, [*values, b"no record"], partition=partition)
            sent += 20
        error = lake.error_of(flow, StopAfter(step, table="orders"))
        assert "stopped here" in str(error)
        with kafka.killed():
            if step == "batch":
                assert isinstance(lake.error_of(flow), KafkaError), "without a broker nobody can go on"
        lake.run(flow)
    while not isinstance(lake.run(flow).outcomes["orders"], NothingNew):
        pass
    assert sorted(row["id"] for row in lake.rows()) == list(range(sent))
    aside = [(row["_partition"], row["_offset"]) for row in lake.rows("orders_quarantine")]
    assert aside == [(partition, 21 * at + 20) for partition in range(3) for at in range(3)]


def test_records_of_an_aborted_transaction_never_come_and_a_topic_made_again_is_refused(
    spark: SparkSession, kafka: Broker, kafka_client: KafkaClient, tmp_path: Path
) -> None:
    topic, lake = f"orders-{uuid.uuid4().hex}", Lake(spark, tmp_path)
    flow = from_kafka(kafka.servers, topic, value="text")
    kafka_client.create(topic)
    kafka_client.send(topic, [b"one"])
    kafka_client.send_and_abort(topic, [b"never", b"ever"])
    kafka_client.send(topic, [b"two"])
    lake.run(flow)
    one, two = lake.rows()
    assert (one["value"], two["value"]) == ("one", "two")
    assert two["_offset"] > one["_offset"] + 1, "there was something between them"
    assert isinstance(lake.run(flow).outcomes["orders"], NothingNew)
    kafka_client.delete(topic)
    kafka_client.create(topic)
    assert isinstance(lake.error_of(flow), RecreatedTopicError)


def test_a_broker_that_dies_under_a_stream_costs_it_no_record_and_doubles_none(
    spark: SparkSession, kafka: Broker, kafka_client: KafkaClient, tmp_path: Path
) -> None:
    topic = f"orders-{uuid.uuid4().hex}"
    kafka_client.create(topic, partitions=2)
    flow = from_kafka(
        kafka.servers, topic, value="json", columns={"id": "bigint"}, client=SOON, max_offsets=50
    )
    totals = read("orders", incremental=True).where("id IS NOT NULL").merge("id")
    builder = DeclarativePipelineBuilder("shop").bronze("orders", flow.append())
    definition = builder.silver("by_id", totals).build()
    sent = 0

    def send(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            kafka_client.send(topic, [b'{"id": %d}' % sent], partition=sent % 2)
            sent += 1

    def ids(table: str) -> list[int]:
        rows = spark.read.format("delta").load(f"{tmp_path}/{table}").select("id").collect()
        return sorted(row.id for row in rows)

    def beside(stop: StreamStop, seen: Seen) -> None:
        send(60)
        seen.wait_for(1)
        for pause in (0.2, 3.0):
            send(40)
            time.sleep(pause)  # in a micro-batch, or behind it
            with kafka.killed():
                time.sleep(2)  # while nobody answers
            send(40)
        while ids("silver/by_id") != list(range(sent)):
            time.sleep(0.5)

    result = streaming(beside, "by_id", definition=definition, spark=spark, warehouse=tmp_path)
    progress = result.progress.tables["orders"]
    assert progress.waiting is not None
    assert (progress.waiting.count, progress.waiting.unit) == (0, "records")
    assert progress.waited_seconds is not None, "as the records' own times tell"
    assert ids("bronze/orders") == ids("silver/by_id") == list(range(sent))
    check_law(tmp_path)
