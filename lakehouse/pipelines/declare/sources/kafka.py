"""Topics of Kafka as a source: a batch names the offsets that it takes, and reads the same records each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.errors import DefinitionError
from lakehouse.ingestion import (
    InvalidFormatError,
    KafkaInputs,
    KafkaReader,
    KafkaTopics,
    Payload,
    kafka_schema,
    payload,
)
from lakehouse.pipelines.declare.language import Call, Language, names_and_types
from lakehouse.pipelines.declare.sources.arrivals import Arrivals
from lakehouse.pipelines.declare.sources.history import History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    Backlog,
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values, names
from lakehouse.words import stated_fields, word

__all__ = ["KafkaSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kafka:
    servers: str
    topic: str | list[str]
    value: str = "raw"
    """The payload's word."""
    columns: str | Mapping[str, str] | None = None
    """Names and types, or the name of one of the file's schemas."""
    options: Mapping[str, str | bool | list[str]] | None = None
    """Of the payload."""
    key: str = "text"
    starting: str = "earliest"
    max_offsets: int | None = None
    on_loss: str = "fail"
    security: str = "plaintext"
    mechanism: str = "PLAIN"
    user: str = ""
    password: str = ""
    client: Mapping[str, str] | None = None


@word("from_kafka")
@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSource(Source):
    """The records of one topic or several.

    A batch names the offsets of each partition. A record whose payload or key can't be read comes into the
    quarantine, with its topic, partition and offset.
    """

    yaml_type: ClassVar[Any] = _Kafka
    is_appended_by_default: ClassVar[bool] = True

    kafka: KafkaTopics

    @classmethod
    def from_yaml(cls, given: _Kafka, part: YamlPart) -> KafkaSource:
        said = {name: value for name, value in field_values(given).items() if value is not None}
        columns = said.pop("columns", None)
        options = dict(said.pop("options", {}))
        if columns is not None:
            options["columns"] = part.at("columns").schema(columns)
        try:
            value = payload(said.pop("value"), options)
        except InvalidFormatError as error:
            part.refuse(str(error))
        topics = names(said.pop("topic"))
        return cls(kafka=KafkaTopics(topics=topics, value=value, **said), location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        given = stated_fields(self.kafka)
        topics = given.pop("topics")
        said = {"servers": given.pop("servers"), "topic": topics[0] if len(topics) == 1 else topics}
        if "value" in given:
            value = given.pop("value")
            said["value"] = language.word(Payload.words, value)
            options = dict(value.options())
            if "columns" in options:
                said["columns"] = names_and_types(options.pop("columns"))
            if options:
                said["options"] = options
        return {name: language.value(value) for name, value in {**said, **given}.items()}

    def to_python(self, language: Language) -> Call:
        return Call.of("from_kafka", self.to_yaml(language), "servers", "topic")

    @property
    def label(self) -> str:
        return repr(self.kafka.label)

    @property
    def gives_all_rows(self) -> bool:
        return False

    @property
    def takes_in_parts(self) -> bool:
        """Whether a batch may leave some of what there is for the next one."""
        return self.kafka.max_offsets is not None

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return kafka_schema(self.kafka)

    def problems(self) -> Sequence[DefinitionError]:
        return [each.at(self.location) for each in self.kafka.problems()]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        last = KafkaInputs.of(history[-1]) if history else None

        def closer_look() -> Inputs | None:
            found = self._reader(context).next(last)
            return found.as_json() if found is not None else None

        if not context.has_session:
            reason = f"the brokers are asked for new offsets of {self.kafka.label}"
            return NewInputs(reason=reason, closer_look=closer_look, left=_left)
        found = closer_look()
        if found is None:
            return None
        taken = KafkaInputs.of(found)
        return NewInputs(
            known=found,
            reason=f"{self.kafka.label} has {taken.offsets} new offsets",
            backlog=Backlog(count=taken.offsets + taken.waiting, unit="records"),
            left=_left,
        )

    def arrivals(self, context: SourceContext, table: str) -> Arrivals:
        """Return a streaming frame that has rows when records may have come."""
        return Arrivals(frame=self._reader(context).arrivals())

    def came_us(self, frame: DataFrame) -> Column:
        return F.min(F.unix_micros("_timestamp"))

    def as_they_stand(self, context: SourceContext, request: ReadRequest) -> Inputs | None:
        if not request.reading_again:
            return None  # decided a moment ago
        standing = self._reader(context).standing(KafkaInputs.of(request.inputs))
        return standing.as_json() if standing is not None else None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return self._reader(context).rows(KafkaInputs.of(request.inputs), ingested_at=request.decided_at)

    def lost(self, context: SourceContext, table: str, history: History) -> Sequence[str]:
        if not history:
            return ()
        first, last = KafkaInputs.of(history[0]), KafkaInputs.of(history[-1])
        return [
            f"{topic}[{partition}] offsets {start} to {end - 1}"
            for topic, ranges in self._reader(context).lost_in_rebuild(first, last).items()
            for partition, (start, end) in sorted(ranges.items())
        ]

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        taken = KafkaInputs.of(inputs)
        found = {
            "offsets": taken.offsets,
            "offsets_waiting": taken.waiting,
            "offsets_lost": taken.offsets_lost,
        }
        return {name: count for name, count in found.items() if count or name == "offsets"}

    def set_aside(self, inputs: Inputs) -> Mapping[str, str]:
        found = {}
        for name, topic in KafkaInputs.of(inputs).topics.items():
            for partition, (start, end) in topic.lost.items():
                found[f"{name}[{partition}]"] = f"offsets {start} to {end - 1} were gone from the brokers"
            if topic.recreated:
                found[name] = "it was deleted and made again, and is read from its beginning"
        return found

    def _reader(self, context: SourceContext) -> KafkaReader:
        return KafkaReader(topics=self.kafka, open_session=lambda: context.spark)


def _left(inputs: Inputs) -> Backlog:
    """Return what waited behind a batch when it was decided."""
    return Backlog(count=KafkaInputs.of(inputs).waiting, unit="records")
