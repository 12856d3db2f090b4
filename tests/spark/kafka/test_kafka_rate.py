"""Records come from Kafka at a high rate for minutes: nothing is lost, memory stays flat and the stream keeps up.

KAFKA_RATE and KAFKA_MINUTES say how many a second and for how long, by default 10,000 for one minute.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from stream.memory import resident_mib

from lakehouse.pipelines import Warehouse, stream_statuses
from lakehouse.tables import TableLog
from tests.kafka_broker import Broker
from tests.kafka_client import KafkaClient

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[3]
RATE = int(os.environ.get("KAFKA_RATE", "10000"))
MINUTES = float(os.environ.get("KAFKA_MINUTES", "1"))
TRIGGER_SECONDS = 5
WARM = 3
"""After so many micro-batches the stream is looked at: until then its JVM compiles."""
RECORD = "to_json(struct(value AS id, timestamp AS at, repeat('x', 60) AS text)) AS value"


@dataclass
class Samples:
    """What was seen of a stream, once a second."""

    memory_mib: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By program, ``java`` and ``python``: what its processes held."""
    waiting: list[int] = field(default_factory=list)
    """How many records waited when a micro-batch was decided."""
    waited_seconds: dict[str, float] = field(default_factory=dict)
    """By micro-batch, how long its first record was there before it was visible."""

    def take(self, pid: int, lake: Path) -> None:
        statuses = stream_statuses(Warehouse.at(lake))
        tables = statuses[0].progress.tables if statuses else {}
        records, clean = tables.get("records"), tables.get("clean")
        if records is None or clean is None or clean.micro_batches < WARM:
            return
        for program, held_mib in resident_mib(pid).items():
            self.memory_mib[program].append(held_mib)
        if records.waiting is not None:
            self.waiting.append(records.waiting.count)
        if records.waited_seconds is not None:
            self.waited_seconds[records.last_at] = records.waited_seconds


def halves(values: Sequence[float]) -> tuple[float, float]:
    """Return the medians of the first and of the second half."""
    middle = len(values) // 2
    return statistics.median(values[:middle]), statistics.median(values[middle:])


def row_count(lake: Path) -> int:
    log = TableLog(str(lake / "silver/clean"))
    state = log.state()
    return 0 if state is None else log.row_count(version=state.version) or 0


def test_a_high_rate_of_records_is_kept_up_with(
    spark: SparkSession,
    kafka: Broker,
    kafka_client: KafkaClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    topic, lake = f"rate-{uuid.uuid4().hex}", tmp_path / "lake"
    kafka_client.create(topic, partitions=4)
    stream = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "tests/spark/kafka/kafka_rate_stream.py"),
            kafka.servers,
            topic,
            str(lake),
            str(TRIGGER_SECONDS),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    numbers = spark.readStream.format("rate").option("rowsPerSecond", RATE).load()
    writer = numbers.selectExpr(RECORD).writeStream.format("kafka").trigger(processingTime="1 second")
    writer = writer.option("kafka.bootstrap.servers", kafka.servers).option("topic", topic)
    query = writer.option("checkpointLocation", str(tmp_path / "checkpoint")).start()
    samples = Samples()
    ended = time.monotonic() + 60 * MINUTES
    while time.monotonic() < ended:
        time.sleep(1)
        assert stream.poll() is None
        assert query.exception() is None
        samples.take(stream.pid, lake)
    query.stop()
    stopped = time.monotonic()
    sent = sum(kafka_client.ends(topic, partitions=4))
    while row_count(lake) < sent:
        assert stream.poll() is None
        time.sleep(1)
    behind = time.monotonic() - stopped
    stream.send_signal(signal.SIGTERM)
    assert stream.wait(300) == 0

    frame = spark.read.format("delta").load(str(lake / "silver/clean"))
    found = frame.selectExpr("count(*)", "count(DISTINCT id)", "count(DISTINCT _partition, _offset)").first()
    memory = {program: (*halves(each), max(each)) for program, each in samples.memory_mib.items()}
    waits, seconds = halves(samples.waiting), list(samples.waited_seconds.values())
    with capsys.disabled():
        print(f"\n{sent:,} records, {sent / 60 / MINUTES:,.0f} a second for {MINUTES:g} min: {found}")
        print(
            f"visible {statistics.median(seconds):.1f} s (median) and at most {max(seconds):.1f} s after the first "
            f"record of a batch came; the last one {behind:.0f} s after the end"
        )
        print(f"records that waited: {waits[0]:,.0f}, then {waits[1]:,.0f}; at most {max(samples.waiting):,}")
        for program, (first, second, most) in sorted(memory.items()):
            print(f"memory of {program}: {first:.0f} MiB, then {second:.0f} MiB; at most {most:.0f} MiB")
    assert tuple(found or ()) == (sent, sent, sent), "each record of the brokers once, and no other"
    assert sent >= RATE * 60 * MINUTES * 0.8
    for first, second, _ in memory.values():
        assert second <= 1.2 * first
    assert waits[1] <= 2 * waits[0] + RATE * TRIGGER_SECONDS
    first, second = halves(seconds)
    assert second <= 2 * first + TRIGGER_SECONDS
