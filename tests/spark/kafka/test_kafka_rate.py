"""Records come from Kafka at a high rate for minutes: nothing is lost, memory stays flat and the stream keeps up.

KAFKA_RATE and KAFKA_MINUTES say how many a second and for how long, by default 10,000 for one minute.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import StreamProgress, Warehouse, stream_statuses
from lakehouse.tables import TableLog
from tests.kafka_broker import Broker
from tests.kafka_client import KafkaClient

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[3]
RATE = int(os.environ.get("KAFKA_RATE", "10000"))
MINUTES = float(os.environ.get("KAFKA_MINUTES", "1"))
TRIGGER_SECONDS = 5
RECORD = "to_json(struct(value AS id, timestamp AS at, repeat('x', 60) AS text)) AS value"


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all that it started and that live."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                yield from tree(int(child))


def resident_mib(pid: int) -> float:
    """Return how much memory a process and all that it started hold."""
    pages = 0
    for each in tree(pid):
        try:
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has ended meanwhile
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def progress_of(lake: Path) -> StreamProgress | None:
    found = stream_statuses(Warehouse.at(lake))
    return found[0].progress if found else None


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
    memory: list[float] = []
    lags: dict[str, float] = {}
    ended = time.monotonic() + 60 * MINUTES
    while time.monotonic() < ended:
        time.sleep(1)
        assert stream.poll() is None
        assert query.exception() is None
        progress = progress_of(lake)
        table = progress.tables.get("clean") if progress else None
        if progress is None or table is None or not table.micro_batches:
            continue
        memory.append(resident_mib(stream.pid))
        records = progress.tables["records"]
        if records.waited_seconds is not None:
            lags[records.last_at] = records.waited_seconds
    query.stop()
    sent = sum(kafka_client.ends(topic, partitions=4))
    while row_count(lake) < sent:
        assert stream.poll() is None
        time.sleep(1)
    stream.send_signal(signal.SIGTERM)
    assert stream.wait(300) == 0

    frame = spark.read.format("delta").load(str(lake / "silver/clean"))
    found = frame.selectExpr("count(*)", "count(DISTINCT id)", "count(DISTINCT _partition, _offset)").first()
    assert tuple(found or ()) == (sent, sent, sent), "each record of the brokers once, and no other"
    first, last = (
        statistics.median(part) for part in (memory[: len(memory) // 3], memory[-len(memory) // 3 :])
    )
    seconds = list(lags.values())
    with capsys.disabled():
        print(
            f"\n{sent:,} records, {RATE:,} a second for {MINUTES:g} min: visible {statistics.median(seconds):.1f} s "
            f"(median) and at most {max(seconds):.1f} s after the first of a batch came; memory of the stream's "
            f"processes {first:.0f} MiB in the first third, {last:.0f} MiB in the last, at most {max(memory):.0f}"
        )
    assert sent >= RATE * 60 * MINUTES * 0.8
    assert last <= 1.3 * first
    late = seconds[len(seconds) // 2 :]
    assert statistics.median(late) <= 2 * statistics.median(seconds[: len(seconds) // 2]) + TRIGGER_SECONDS
