"""Topics and records for tests, by the Kafka client in the JVM of the session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

__all__ = ["KafkaClient", "load_jars"]

_BYTES = "org.apache.kafka.common.serialization.ByteArraySerializer"


def load_jars(spark: SparkSession, jars: Iterable[Path]) -> None:
    """Give a session that runs more jars: it shares them with all of its threads and, being local, with its tasks."""
    jvm: Any = spark._jvm
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    while loader.getClass().getSimpleName() != "MutableURLClassLoader":
        loader = loader.getParent()
    for jar in jars:
        loader.addURL(jvm.java.net.URI(jar.as_uri()).toURL())


class KafkaClient:
    """Makes and changes topics, and produces records."""

    def __init__(self, spark: SparkSession, servers: str) -> None:
        self._jvm: Any = spark._jvm
        self._gateway: Any = spark._sc._gateway
        self._admin = self._jvm.org.apache.kafka.clients.admin.Admin.create(self._settings(servers))
        serializers = {"key.serializer": _BYTES, "value.serializer": _BYTES}
        self._producer_settings = self._settings(servers, **serializers)
        self._producer = self._jvm.org.apache.kafka.clients.producer.KafkaProducer(self._producer_settings)

    def close(self) -> None:
        self._producer.close()
        self._admin.close()

    def create(self, topic: str, *, partitions: int = 1) -> None:
        new = self._jvm.org.apache.kafka.clients.admin.NewTopic
        as_the_broker_has_it = self._jvm.java.util.Optional.empty()  # one replica
        count = self._jvm.java.util.Optional.of(partitions)
        self._admin.createTopics(self._list([new(topic, count, as_the_broker_has_it)])).all().get()

    def add_partitions(self, topic: str, *, to: int) -> None:
        increase = self._jvm.org.apache.kafka.clients.admin.NewPartitions.increaseTo(to)
        self._admin.createPartitions(self._map({topic: increase})).all().get()

    def delete(self, topic: str) -> None:
        self._admin.deleteTopics(self._list([topic])).all().get()

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Throw records away, as the broker does when their time is over."""
        self._admin.deleteRecords(
            self._map({self._place(topic, partition): self._before(offset)})
        ).all().get()

    def ends(self, topic: str, *, partitions: int) -> list[int]:
        """Return the offset behind the last record of each partition."""
        latest = self._jvm.org.apache.kafka.clients.admin.OffsetSpec.latest()
        places = [self._place(topic, number) for number in range(partitions)]
        found = self._admin.listOffsets(self._map(dict.fromkeys(places, latest))).all().get()
        return [int(found.get(place).offset()) for place in places]

    def send(
        self,
        topic: str,
        values: Sequence[bytes | None],
        *,
        partition: int = 0,
        key: bytes | None = None,
        timestamp_ms: int | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> None:
        """Produce records, and return when the broker has them."""
        record = self._jvm.org.apache.kafka.clients.producer.ProducerRecord
        for value in values:
            made = record(topic, partition, timestamp_ms, key, value)
            for name, each in (headers or {}).items():
                made.headers().add(name, each)
            self._producer.send(made)
        self._producer.flush()

    def send_and_abort(self, topic: str, values: Sequence[bytes]) -> None:
        """Produce records in a transaction that is aborted."""
        settings = self._jvm.java.util.Properties()
        settings.putAll(self._producer_settings)
        settings.put("transactional.id", f"aborts-{topic}")
        producer = self._jvm.org.apache.kafka.clients.producer.KafkaProducer(settings)
        producer.initTransactions()
        producer.beginTransaction()
        record = self._jvm.org.apache.kafka.clients.producer.ProducerRecord
        for value in values:
            producer.send(record(topic, 0, None, value))
        producer.flush()
        producer.abortTransaction()
        producer.close()

    def _settings(self, servers: str, **more: str) -> Any:
        settings = self._jvm.java.util.Properties()
        for name, value in {"bootstrap.servers": servers, **more}.items():
            settings.put(name, value)
        return settings

    def _before(self, offset: int) -> Any:
        """Call a static method that has the name of another one, which is not: py4j finds only that."""
        loader = self._jvm.java.lang.Thread.currentThread().getContextClassLoader()
        named = loader.loadClass("org.apache.kafka.clients.admin.RecordsToDelete")
        (method,) = [
            each
            for each in named.getMethods()
            if each.getName() == "beforeOffset" and each.getParameterCount()
        ]
        given = self._gateway.new_array(self._jvm.java.lang.Object, 1)
        given[0] = self._jvm.java.lang.Long.valueOf(str(offset))
        return method.invoke(None, given)

    def _place(self, topic: str, partition: int) -> Any:
        return self._jvm.org.apache.kafka.common.TopicPartition(topic, partition)

    def _list(self, values: Iterable[Any]) -> Any:
        made = self._jvm.java.util.ArrayList()
        for each in values:
            made.add(each)
        return made

    def _map(self, values: Mapping[Any, Any]) -> Any:
        made = self._jvm.java.util.HashMap()
        for key, value in values.items():
            made.put(key, value)
        return made
