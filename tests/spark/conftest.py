"""What several of the tests on Spark need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.cache.node_cache import DIRECTORY, ENABLED

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.kafka_broker import Broker
    from tests.kafka_client import KafkaClient


@pytest.fixture
def cached_spark(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    """The session, its nodes' cache in a folder of the test."""
    spark.conf.set(DIRECTORY, str(tmp_path / "cache"))
    yield spark
    spark.conf.unset(DIRECTORY)
    spark.conf.unset(ENABLED)


@pytest.fixture(scope="module")
def interpreted(spark: SparkSession) -> Iterator[None]:
    """Plans are interpreted meanwhile: to compile one takes longer than a few rows do."""
    wanted = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    before = {name: spark.conf.get(name) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.fixture(scope="session")
def kafka(spark: SparkSession) -> Iterator[Broker]:
    """A broker, and a session that can talk to it: started with the first test that asks for it."""
    from tests.kafka_broker import running_broker
    from tests.kafka_client import load_jars
    from tests.kafka_jars import connector_jars, why_no_kafka

    if reason := why_no_kafka():
        pytest.skip(reason)
    with running_broker() as broker:
        load_jars(spark, connector_jars())
        broker.wait()
        yield broker


@pytest.fixture
def kafka_client(spark: SparkSession, kafka: Broker) -> Iterator[KafkaClient]:
    """Who makes topics and records on that broker."""
    from tests.kafka_client import KafkaClient

    client = KafkaClient(spark, kafka.servers)
    yield client
    client.close()
