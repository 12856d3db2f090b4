"""The jars of a Kafka broker and of Spark's connector, by the resolver that fetches Delta's. For tests alone."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path

import pyspark

from lakehouse.spark_session.delta_jars import DeltaJars, DeltaJarsError

__all__ = ["broker_jars", "connector_jars", "why_no_kafka"]

BROKER = "org.apache.kafka:kafka_2.13:4.3.1"
CONNECTOR = f"org.apache.spark:spark-sql-kafka-0-10_2.13:{pyspark.__version__}"
SPARK_HAS = (
    "org.lz4:*,at.yawk.lz4:*,org.xerial.snappy:*,org.slf4j:*,com.github.luben:*,com.google.code.findbugs:*,"
    "org.scala-lang.modules:*,org.scala-lang:*,org.apache.spark:spark-tags_2.13,org.apache.hadoop:*"
)
"""What the connector asks for and Spark has itself."""


def broker_jars() -> Sequence[Path]:
    """Return the class path of a broker. Raises DeltaJarsError."""
    scala = (Path(pyspark.__file__).parent / "jars").glob("scala-library-*.jar")
    return [*DeltaJars(packages=BROKER, excludes="").paths(), *scala]


def connector_jars() -> Sequence[Path]:
    """Return the four jars that Spark needs. Raises DeltaJarsError."""
    return DeltaJars(packages=CONNECTOR, excludes=SPARK_HAS).paths()


@functools.cache
def why_no_kafka() -> str:
    """Return why tests can have no broker; empty where they can. It fetches what is missing."""
    try:
        broker_jars(), connector_jars()
    except DeltaJarsError as error:
        return f"the jars of Kafka can't be fetched: {error}"
    return ""


if __name__ == "__main__":
    if reason := why_no_kafka():
        print(f"the tests of Kafka will skip: {reason}", file=sys.stderr)
