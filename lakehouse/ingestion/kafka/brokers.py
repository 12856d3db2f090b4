"""What the brokers hold, asked by the Kafka client that Spark's own connector brings into the JVM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyspark
from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from lakehouse.ingestion.kafka.declaration import KafkaTopics
from lakehouse.ingestion.kafka.errors import KafkaError, MissingKafkaError
from lakehouse.ingestion.kafka.offsets import PartitionNow, TopicNow
from lakehouse.ingestion.unlogged import unlogged
from lakehouse.masking import masked
from lakehouse.tables import SPARK_ERRORS, root_cause

__all__ = ["Brokers"]

_CONNECTOR = "org.apache.spark:spark-sql-kafka-0-10_2.13"
_NEEDED = ("org.apache.kafka.clients.admin.Admin", "org.apache.spark.sql.kafka010.KafkaSourceProvider")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Asks the brokers of some topics. Raises KafkaError, MissingKafkaError, MissingSecretError."""

    topics: KafkaTopics
    spark: SparkSession

    def look(self) -> Mapping[str, TopicNow]:
        """Return what is there now of each topic."""
        jvm = self._jvm()
        try:
            with self._admin(jvm) as admin:
                return self._looked(jvm, admin)
        except SPARK_ERRORS as error:
            reason = masked(root_cause(error))
            raise KafkaError(topics=self.topics.topics, servers=self.topics.servers, reason=reason) from None

    def _looked(self, jvm: Any, admin: Any) -> Mapping[str, TopicNow]:
        names = jvm.java.util.ArrayList()
        for name in self.topics.topics:
            names.add(name)
        described = admin.describeTopics(names).allTopicNames().get()
        ids: dict[str, str] = {}
        places: list[tuple[str, int]] = []
        for name in self.topics.topics:
            topic = described.get(name)
            ids[name] = str(topic.topicId().toString())
            places += [(name, int(each.partition())) for each in topic.partitions()]
        asked = {place: jvm.org.apache.kafka.common.TopicPartition(*place) for place in places}
        specs = jvm.org.apache.kafka.clients.admin.OffsetSpec
        beginnings = self._offsets(jvm, admin, asked, specs.earliest())
        ends = self._offsets(jvm, admin, asked, specs.latest())
        startings = {"earliest": beginnings, "latest": ends}.get(self.topics.starting)
        if startings is None:
            startings = self._offsets(jvm, admin, asked, specs.forTimestamp(self.topics.starting_ms))
        return {
            name: TopicNow(
                id=ids[name],
                partitions={
                    partition: PartitionNow(
                        beginning=beginnings[place],
                        end=ends[place],
                        # No record is as late as the time to begin at: what comes will be.
                        starting=ends[place] if startings[place] < 0 else startings[place],
                    )
                    for place in places
                    for topic, partition in [place]
                    if topic == name
                },
            )
            for name in self.topics.topics
        }

    def _offsets(
        self, jvm: Any, admin: Any, asked: Mapping[tuple[str, int], Any], spec: Any
    ) -> dict[tuple[str, int], int]:
        wanted = jvm.java.util.HashMap()
        for each in asked.values():
            wanted.put(each, spec)
        level = self.topics.client.get("isolation.level", "read_committed").upper()
        levels = jvm.org.apache.kafka.common.IsolationLevel
        options = jvm.org.apache.kafka.clients.admin.ListOffsetsOptions(levels.valueOf(level))
        found = admin.listOffsets(wanted, options).all().get()
        return {place: int(found.get(each).offset()) for place, each in asked.items()}

    @contextmanager
    def _admin(self, jvm: Any) -> Iterator[Any]:
        settings = jvm.java.util.Properties()
        with unlogged():
            for name, value in self.topics.client_options().items():
                settings.put(name, value)
            admin = jvm.org.apache.kafka.clients.admin.Admin.create(settings)
        try:
            yield admin
        finally:
            admin.close()

    def _jvm(self) -> Any:
        """Return the JVM, once it is known to have Kafka's client and Spark's connector."""
        jvm = getattr(self.spark, "_jvm", None)
        if jvm is None:
            raise MissingKafkaError(
                reason="it is a client of Spark Connect, and has no JVM", packages=_packages()
            )
        try:
            loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
            for name in _NEEDED:
                jvm.java.lang.Class.forName(name, False, loader)
        except (Py4JError, *SPARK_ERRORS):
            raise MissingKafkaError(reason="it has no jars of Kafka", packages=_packages()) from None
        return jvm


def _packages() -> str:
    """Return the coordinates of Spark's connector, for the Spark that is installed."""
    return f"{_CONNECTOR}:{pyspark.__version__}"
