"""Topics of Kafka: which offsets a batch takes, and their records as rows. It keeps no progress."""

from lakehouse.ingestion.kafka.declaration import KafkaTopics
from lakehouse.ingestion.kafka.errors import (
    KafkaError,
    LostOffsetsError,
    MissingKafkaError,
    RecreatedTopicError,
)
from lakehouse.ingestion.kafka.offsets import KafkaInputs
from lakehouse.ingestion.kafka.payload import (
    AvroPayload,
    CsvPayload,
    JsonPayload,
    Payload,
    RawPayload,
    TextPayload,
    payload,
)
from lakehouse.ingestion.kafka.reading import KafkaReader, kafka_schema

__all__ = [
    "AvroPayload",
    "CsvPayload",
    "JsonPayload",
    "KafkaError",
    "KafkaInputs",
    "KafkaReader",
    "KafkaTopics",
    "LostOffsetsError",
    "MissingKafkaError",
    "Payload",
    "RawPayload",
    "RecreatedTopicError",
    "TextPayload",
    "kafka_schema",
    "payload",
]
