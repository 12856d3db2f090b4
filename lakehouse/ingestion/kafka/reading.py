"""Records of Kafka as rows: just those between the offsets that a batch names, by Spark's own connector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from lakehouse.ingestion.kafka.brokers import Brokers
from lakehouse.ingestion.kafka.declaration import KafkaTopics
from lakehouse.ingestion.kafka.errors import KafkaError, OffsetRanges
from lakehouse.ingestion.kafka.offsets import KafkaInputs, lost_in_rebuild, next_inputs, standing
from lakehouse.ingestion.kafka.payload.interface import ERRORS, RESCUED, VALUE
from lakehouse.ingestion.kafka.record_columns import RECORD_COLUMNS, UNREADABLE_KEY
from lakehouse.ingestion.unlogged import unlogged
from lakehouse.masking import masked
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import SPARK_ERRORS, quoted, root_cause

__all__ = ["KafkaReader", "kafka_schema"]

_FORMAT = "kafka"
_HEADERS = ArrayType(StructType([StructField("key", StringType()), StructField("value", BinaryType())]))


def kafka_schema(topics: KafkaTopics) -> StructType:
    """Return the schema of the rows: the payload's columns, the record's own, ``_ingested_at``, ``_rescued_data``."""
    own = [StructField(name, from_arrow_type(held)) for name, held in topics.value.arrow_columns().items()]
    types = (
        StringType() if topics.key == "text" else BinaryType(),
        _HEADERS,
        StringType(),
        IntegerType(),
        LongType(),
        TimestampType(),
        BooleanType(),
    )
    record = [StructField(name, held) for name, held in zip(RECORD_COLUMNS, types, strict=True)]
    last = [StructField("_ingested_at", TimestampType()), StructField(RESCUED, StringType())]
    return StructType([*own, *record, *last])


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaReader:
    """Reads topics, through a session that is opened when it is needed.

    Raises KafkaError, MissingKafkaError, MissingSecretError, LostOffsetsError, RecreatedTopicError.
    """

    topics: KafkaTopics
    open_session: Callable[[], SparkSession]

    def next(self, last: KafkaInputs | None) -> KafkaInputs | None:
        """Return what the batch after ``last`` takes; None when there is nothing."""
        return next_inputs(
            last,
            self._brokers.look(),
            max_offsets=self.topics.max_offsets,
            accepts_loss=self.topics.accepts_loss,
        )

    def standing(self, inputs: KafkaInputs) -> KafkaInputs | None:
        """Return a batch's inputs without what is gone since they were decided; None when all of them are there."""
        return standing(inputs, self._brokers.look(), accepts_loss=self.topics.accepts_loss)

    def lost_in_rebuild(self, first: KafkaInputs, last: KafkaInputs) -> OffsetRanges:
        """Return what batches from ``first`` to ``last`` took and a reading from the start would not find again."""
        return lost_in_rebuild(first, last, self._brokers.look())

    def rows(self, inputs: KafkaInputs, *, ingested_at: dt.datetime) -> DataFrame:
        """Return the records of a batch in the columns of ``kafka_schema``, and CAST_ERRORS where one can't be read."""
        ranges = inputs.not_empty
        if not ranges:
            return self.open_session().createDataFrame([], kafka_schema(self.topics))
        reader = self._told(self.open_session().read.format(_FORMAT)).options(
            assign=_json({topic: sorted(held) for topic, held in ranges.items()}),
            startingOffsets=_json(_ends(ranges, 0)),
            endingOffsets=_json(_ends(ranges, 1)),
            includeHeaders="true",
            failOnDataLoss="true",
        )
        parsed = self.topics.value.rows(self._records(self._loaded(reader), ingested_at))
        if self.topics.key == "text":
            parsed = _with_text_keys(parsed)
        return parsed.select(
            *(F.col(quoted(field.name)) for field in kafka_schema(self.topics).fields),
            F.col(ERRORS).alias(CAST_ERRORS),
        )

    def arrivals(self) -> DataFrame:
        """Return a streaming frame that has rows when records come; its rows are not meant to be read."""
        reader = self._told(self.open_session().readStream.format(_FORMAT)).options(
            subscribe=",".join(self.topics.topics), startingOffsets="latest", failOnDataLoss="false"
        )
        return self._loaded(reader).select("offset")

    def _records(self, found: DataFrame, ingested_at: dt.datetime) -> DataFrame:
        """Return what the connector gives under our names, the payload as VALUE."""
        given = ("key", "headers", "topic", "partition", "offset", "timestamp")
        own = [F.col(name).alias(ours) for name, ours in zip(given, RECORD_COLUMNS, strict=False)]
        return found.select(
            F.col("value").alias(VALUE),
            *own,
            F.col("value").isNull().alias(RECORD_COLUMNS[-1]),
            F.lit(ingested_at).cast("timestamp").alias("_ingested_at"),
        )

    @property
    def _brokers(self) -> Brokers:
        return Brokers(topics=self.topics, spark=self.open_session())

    def _told(self, reader: Any) -> Any:
        """Return a reader that knows how to reach the brokers."""
        with unlogged():
            for name, value in self.topics.client_options().items():
                reader = reader.option(f"kafka.{name}", value)
        return reader

    def _loaded(self, reader: Any) -> DataFrame:
        try:
            found: DataFrame = reader.load()
        except SPARK_ERRORS as error:
            reason = masked(root_cause(error))
            raise KafkaError(topics=self.topics.topics, servers=self.topics.servers, reason=reason) from None
        return found


def _with_text_keys(rows: DataFrame) -> DataFrame:
    """Return the rows with keys as text; a key that is none is an error of its record."""
    raw, text = F.col("_key"), F.col("_key").cast("string")
    is_text = F.coalesce(F.is_valid_utf8(text), F.lit(True))
    told = F.concat(F.lit("its key is not UTF-8: "), F.hex(raw))
    error = F.array(F.struct(F.lit(UNREADABLE_KEY).alias("rule"), told.alias("message")))
    earlier = F.coalesce(F.col(ERRORS), F.array().cast("array<struct<rule:string,message:string>>"))
    errors = F.when(is_text, F.col(ERRORS)).otherwise(F.concat(earlier, error))
    others = [F.col(quoted(name)) for name in rows.columns if name not in ("_key", ERRORS)]
    return rows.select(*others, F.when(is_text, text).alias("_key"), errors.alias(ERRORS))


def _ends(ranges: OffsetRanges, side: int) -> dict[str, dict[str, int]]:
    return {
        topic: {str(partition): ends[side] for partition, ends in held.items()}
        for topic, held in ranges.items()
    }


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
