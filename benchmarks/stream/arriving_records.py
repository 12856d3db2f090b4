"""Records of a topic that come all the time, into a stream and into code by hand: when are they visible?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_kafka, read
from stream import by_hand_kafka
from stream.arriving_files import TRIGGER_SECONDS, lasting
from stream.watching import Watch, p50, p99
from tests.kafka_broker import running_broker
from tests.kafka_client import KafkaClient, load_jars
from tests.kafka_jars import connector_jars, why_no_kafka

__all__ = ["records_one_by_one"]

PARTITIONS = 2
EACH_SECONDS = 0.2
AT_ONCE = 20
WARM_UP_BATCHES = 3
COLUMNS = ("_partition", "_offset", "_timestamp")


def records_one_by_one(spark: SparkSession, folder: Path, seconds: float) -> None:
    """Print how long a record takes from its own time to Silver."""
    if reason := why_no_kafka():
        print(f"records: not measured, {reason}")
        return
    with running_broker() as broker:
        load_jars(spark, connector_jars())
        broker.wait()
        client = KafkaClient(spark, broker.servers)

        @contextmanager
        def ours(topic: str, lake: Path) -> Iterator[None]:
            with lasting(_pipeline(broker.servers, topic), spark=spark, warehouse=lake):
                yield

        @contextmanager
        def by_hand(topic: str, lake: Path) -> Iterator[None]:
            servers = broker.servers
            query = by_hand_kafka.start(spark, servers, topic, str(lake), trigger_seconds=TRIGGER_SECONDS)
            yield
            query.processAllAvailable()
            query.stop()

        sides = {"continuous": ours, "foreachBatch by hand": by_hand}
        medians = {
            name: _one_side(name, side, client, folder / f"records {name}", seconds)
            for name, side in sides.items()
        }
        client.close()
    print(
        f"records: p50 {medians['continuous'] / medians['foreachBatch by hand']:.2f} of foreachBatch by hand"
    )


def _pipeline(servers: str, topic: str) -> PipelineDefinition:
    columns = {"id": "bigint", "at": "timestamp", "text": "string"}
    clean = read("records", incremental=True).select("id", "at", *COLUMNS)
    return (
        DeclarativePipelineBuilder("records")
        .bronze("records", from_kafka(servers, topic, value="json", columns=columns).append())
        .silver("clean", clean.expect_or_quarantine("numbered", "id IS NOT NULL").append())
        .build()
    )


def _one_side(
    name: str, side: Callable[[str, Path], Any], client: KafkaClient, home: Path, seconds: float
) -> float:
    topic = f"records-{name.split()[0]}"
    client.create(topic, partitions=PARTITIONS)
    sent = 0

    def send() -> None:
        nonlocal sent
        values = [
            b'{"id": %d, "at": "2024-01-01T00:00:00Z", "text": "%s"}' % (sent + at, b"x" * 60)
            for at in range(AT_ONCE)
        ]
        client.send(topic, values, partition=sent // AT_ONCE % PARTITIONS)
        sent += AT_ONCE

    with Watch(home / "silver/clean").running() as watch:
        with side(topic, home):
            for number in range(WARM_UP_BATCHES):
                send()
                watch.wait_for(number + 1)
            warm, ended = sent, time.time() + seconds
            while time.time() < ended:
                send()
                time.sleep(EACH_SECONDS)
            _wait_for_all(watch, sent)
        seen = watch.first_seen(["id", "_timestamp"])
    assert len(seen) == sent, (len(seen), sent)
    waits = [at - made.timestamp() for (number, made), at in seen.items() if number >= warm]  # type: ignore[operator,attr-defined]
    print(
        f"{name}: {len(waits):,} records in {seconds:.0f} s, visible in Silver after {p50(waits):.2f} s (p50), "
        f"{p99(waits):.2f} s (p99), {max(waits):.2f} s (slowest)"
    )
    return p50(waits)


def _wait_for_all(watch: Watch, sent: int) -> None:
    while len(watch.first_seen(["id"])) < sent:
        time.sleep(0.5)
