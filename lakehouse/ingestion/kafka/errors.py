"""What can go wrong with a topic: nobody answers, the session can't ask, or records are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse.errors import ConfigurationError, DataError

__all__ = ["KafkaError", "LostOffsetsError", "MissingKafkaError", "OffsetRanges", "RecreatedTopicError"]

OffsetRanges = Mapping[str, Mapping[int, tuple[int, int]]]
"""By topic and partition: the first offset, and the one behind the last."""

_ACCEPT = "say on_loss='accept' to go on without them: the batch counts them as offsets_lost"


class KafkaError(DataError):
    """A broker did not answer, or refused the question."""

    def __init__(self, *, topics: Sequence[str], servers: str, reason: str) -> None:
        self.topics = tuple(topics)
        super().__init__(
            f"{', '.join(map(repr, topics))} can't be read from the brokers {servers!r}: {reason}",
            fix="see that a broker runs there, that the topic exists, and what the secrets are.",
        )


class MissingKafkaError(ConfigurationError):
    """The session can't talk to Kafka."""

    def __init__(self, *, reason: str, packages: str) -> None:
        super().__init__(
            f"this Spark session can't read from Kafka: {reason}.",
            fix=f"start it with {packages} in spark.jars.packages, as conf/environments/kafka.yaml does.",
        )


class LostOffsetsError(DataError):
    """Records that no batch has taken yet are not on the brokers any more."""

    def __init__(self, *, lost: OffsetRanges, why: str) -> None:
        self.lost = {topic: dict(ranges) for topic, ranges in lost.items()}
        super().__init__(f"records are lost: {ranges_text(lost)}; {why}.", fix=f"{_ACCEPT}.")


class RecreatedTopicError(DataError):
    """A topic was deleted and made again: offsets that were taken name other records now."""

    def __init__(self, *, topic: str, before: str, now: str) -> None:
        self.topic = topic
        super().__init__(
            f"the topic {topic!r} was deleted and made again: its id was {before}, now it is {now}."
            " What the old one held behind the last batch is lost.",
            fix="say on_loss='accept' to go on with the new topic from its beginning.",
        )


def ranges_text(ranges: OffsetRanges) -> str:
    """Return ranges as a person reads them: ``orders[0] offsets 5 to 8``, the last one included."""
    return ", ".join(
        f"{topic}[{partition}] offsets {start} to {end - 1}"
        for topic, by_partition in ranges.items()
        for partition, (start, end) in sorted(by_partition.items())
    )
