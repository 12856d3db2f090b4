"""Runs that stop at each step, brokers that die, and a topic that does not stop: each record is there once."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import KafkaError
from lakehouse.pipelines import NothingNew, Refreshed, from_kafka
from tests.kafka_broker import Broker
from tests.kafka_client import KafkaClient
from tests.spark.kafka.kafka_lake import Lake
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
    for step in ("batch", "validate", "quarantine", "publish"):
        for partition in range(3):
            values = [b'{"id": %d}' % (sent + at) for at in range(20)]
            kafka_client.send(topic, [*values, b"no record"], partition=partition)
            sent += 20
        error = lake.error_of(flow, StopAfter(step, table="orders"))
        assert "stopped here" in str(error)
        kafka.kill()
        if step == "batch":
            assert isinstance(lake.error_of(flow), KafkaError), "without a broker nobody can go on"
        kafka.start()
        kafka.wait()
        lake.run(flow)
    while not isinstance(lake.run(flow).outcomes["orders"], NothingNew):
        pass
    assert sorted(row["id"] for row in lake.rows()) == list(range(sent))
    aside = [(row["_partition"], row["_offset"]) for row in lake.rows("orders_quarantine")]
    assert aside == [(partition, 21 * at + 20) for partition in range(3) for at in range(4)]


def test_records_of_an_aborted_transaction_never_come(
    spark: SparkSession, kafka: Broker, kafka_client: KafkaClient, tmp_path: Path
) -> None:
    topic, lake = f"orders-{uuid.uuid4().hex}", Lake(spark, tmp_path)
    flow = from_kafka(kafka.servers, topic, value="text")
    kafka_client.create(topic)
    kafka_client.send(topic, [b"one"])
    kafka_client.send_and_abort(topic, [b"never", b"ever"])
    kafka_client.send(topic, [b"two"])
    lake.run(flow)
    assert [(row["value"], row["_offset"]) for row in lake.rows()] == [("one", 0), ("two", 4)]
    assert isinstance(lake.run(flow).outcomes["orders"], NothingNew)


def test_ten_thousand_records_a_second_come_once_while_they_are_written(
    spark: SparkSession, kafka: Broker, kafka_client: KafkaClient, tmp_path: Path
) -> None:
    topic, lake = f"orders-{uuid.uuid4().hex}", Lake(spark, tmp_path / "lake")
    flow = from_kafka(kafka.servers, topic, value="json", columns={"id": "bigint"}, max_offsets=200_000)
    kafka_client.create(topic, partitions=2)
    numbers = spark.readStream.format("rate").option("rowsPerSecond", 10_000).load()
    query = (
        numbers.selectExpr("concat('{\"id\":', value, '}') AS value")
        .writeStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.servers)
        .option("topic", topic)
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .start()
    )
    batches = []
    try:
        while sum(batches) < 600_000:  # a minute of them
            outcome = lake.run(flow).outcomes["orders"]
            assert isinstance(outcome, Refreshed | NothingNew)
            batches += [each.details["offsets"] for each in getattr(outcome, "refreshes", ())]
    finally:
        query.stop()
    while isinstance(lake.run(flow).outcomes["orders"], Refreshed):
        pass
    table = spark.read.format("delta").load(lake.warehouse.path_of("bronze", "orders"))
    rows, distinct, last = table.selectExpr("count(*)", "count(DISTINCT id)", "max(id)").first()
    assert rows == distinct == last + 1
    assert max(batches) <= 200_000 + 2
