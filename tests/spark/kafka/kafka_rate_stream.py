"""Streams a topic into two tables until it is told to end.

Arguments: servers, topic, warehouse, seconds of the trigger.
"""

from __future__ import annotations

import sys

from lakehouse.cli.termination import signals_ask
from lakehouse.pipelines import DeclarativePipelineBuilder, StreamStop, from_kafka, read, stream_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from tests.kafka_client import load_jars
from tests.kafka_jars import connector_jars

SMALL = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2", "spark.driver.memory": "640m"}


def main() -> None:
    servers, topic, warehouse, seconds = sys.argv[1:]
    columns = {"id": "bigint", "at": "timestamp", "text": "string"}
    records = from_kafka(servers, topic, value="json", columns=columns)
    clean = read("records", incremental=True).select("id", "at", "_partition", "_offset")
    definition = (
        DeclarativePipelineBuilder("rate")
        .bronze("records", records.append())
        .silver("clean", clean.expect_or_quarantine("numbered", "id IS NOT NULL").append())
        .build()
    )
    stop = StreamStop()
    with signals_ask(stop.ask) as take_signals_again:
        settings = Settings(spark=SparkSettings(master="local[2]", conf=SMALL))
        spark = SparkSessionFactory(settings).create("kafka stream")
        load_jars(spark, connector_jars())
        take_signals_again()
        stream_pipeline(definition, spark=spark, warehouse=warehouse, trigger=f"{seconds} seconds", stop=stop)


if __name__ == "__main__":
    main()
