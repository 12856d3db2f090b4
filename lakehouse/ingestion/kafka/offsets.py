"""Which offsets a batch takes: decided from what the last one took and what the brokers hold. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from lakehouse.ingestion.kafka.errors import LostOffsetsError, OffsetRanges, RecreatedTopicError

__all__ = [
    "KafkaInputs",
    "PartitionNow",
    "TopicNow",
    "TopicRanges",
    "lost_in_rebuild",
    "next_inputs",
    "standing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionNow:
    """What the brokers hold of one partition."""

    beginning: int
    """The first offset that is there."""
    end: int
    """The offset behind the last one that may be read."""
    starting: int
    """Where a reading begins that has read nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicNow:
    """What the brokers say of one topic."""

    id: str
    """Another one when the topic was deleted and made again."""
    partitions: Mapping[int, PartitionNow]


class TopicRanges(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a batch takes of one topic."""

    id: str
    ranges: dict[int, tuple[int, int]]
    """By partition the first offset, and the one behind the last. All partitions are there: here the next begins."""
    lost: dict[int, tuple[int, int]] = {}
    """Offsets that were gone before they could be taken, where the declaration accepts that."""
    recreated: bool = False
    """Whether it begins with a topic that was deleted and made again."""


class KafkaInputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one batch reads."""

    topics: dict[str, TopicRanges]
    waiting: int = 0
    """How many offsets the brokers held behind these when the batch was decided."""

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> KafkaInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls, str_keys=True)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        found: dict[str, Any] = msgspec.to_builtins(self, str_keys=True)
        return found

    @property
    def offsets(self) -> int:
        """How many offsets are taken: at least as many as records, since Kafka also numbers marks of its own."""
        return sum(end - start for _, _, start, end in self._each())

    @property
    def offsets_lost(self) -> int:
        """How many offsets were gone."""
        return sum(end - start for topic in self.topics.values() for start, end in topic.lost.values())

    @property
    def not_empty(self) -> OffsetRanges:
        """The ranges with something in them."""
        found: dict[str, dict[int, tuple[int, int]]] = {}
        for topic, partition, start, end in self._each():
            if start < end:
                found.setdefault(topic, {})[partition] = (start, end)
        return found

    def _each(self) -> Iterator[tuple[str, int, int, int]]:
        for name, topic in self.topics.items():
            for partition, (start, end) in topic.ranges.items():
                yield name, partition, start, end


def next_inputs(
    last: KafkaInputs | None, now: Mapping[str, TopicNow], *, max_offsets: int | None, accepts_loss: bool
) -> KafkaInputs | None:
    """Return what the batch after ``last`` takes; None when there is nothing.

    The first batch is there even if it takes nothing: it says where the next one begins. A partition that came since
    is read from its beginning. Raises LostOffsetsError and RecreatedTopicError unless loss is accepted.
    """
    before = last.topics if last is not None else {}
    topics = {name: _available(before.get(name), name, topic) for name, topic in now.items()}
    # A topic that is not declared any more keeps its place: declared again, it goes on there.
    topics |= {name: _at_its_end(topic) for name, topic in before.items() if name not in now}
    if not accepts_loss:
        _check_nothing_is_lost(before, topics, now)
    found = KafkaInputs(topics=topics)
    if last is not None and not found.offsets and not found.offsets_lost:
        return None
    bounded = {name: _bounded(topic, found.offsets, max_offsets) for name, topic in topics.items()}
    taken = KafkaInputs(topics=bounded)
    return KafkaInputs(topics=bounded, waiting=found.offsets - taken.offsets)


def standing(inputs: KafkaInputs, now: Mapping[str, TopicNow], *, accepts_loss: bool) -> KafkaInputs | None:
    """Return a batch's inputs without what is gone since they were decided; None when all of them are there.

    Raises LostOffsetsError and RecreatedTopicError unless loss is accepted.
    """
    topics = {
        name: _still_there(topic, now[name]) if name in now else topic
        for name, topic in inputs.topics.items()
    }
    if not accepts_loss:
        _check_nothing_is_lost(inputs.topics, topics, now)
    return None if topics == inputs.topics else KafkaInputs(topics=topics, waiting=inputs.waiting)


def lost_in_rebuild(first: KafkaInputs, last: KafkaInputs, now: Mapping[str, TopicNow]) -> OffsetRanges:
    """Return what batches from ``first`` to ``last`` took and a reading from the start would not find again."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for name, taken in last.topics.items():
        topic, begun = now.get(name), first.topics.get(name)
        same = topic is not None and topic.id == taken.id
        for partition, (_, end) in taken.ranges.items():
            start = (
                begun.ranges.get(partition, (0, 0))[0] if begun is not None and begun.id == taken.id else 0
            )
            held = topic.partitions.get(partition) if topic is not None and same else None
            again = min(end, held.starting) if held is not None else end
            if start < again:
                found.setdefault(name, {})[partition] = (start, again)
    return found


def _available(before: TopicRanges | None, name: str, now: TopicNow) -> TopicRanges:
    """Return all that a topic has to offer behind what was taken."""
    if before is None:
        return TopicRanges(
            id=now.id, ranges={p: (held.starting, held.end) for p, held in now.partitions.items()}
        )
    if before.id != now.id:
        ranges = {p: (held.beginning, held.end) for p, held in now.partitions.items()}
        return TopicRanges(id=now.id, ranges=ranges, recreated=True)
    ranges = {p: (end, end) for p, (_, end) in before.ranges.items() if p not in now.partitions}
    lost = {}
    for partition, held in now.partitions.items():
        start = before.ranges[partition][1] if partition in before.ranges else held.beginning
        # Below the end: what a broker lost after we had read it comes with the same offsets, and other records.
        ranges[partition] = (min(max(start, held.beginning), held.end), held.end)
        if gone := _gone(start, held):
            lost[partition] = gone
    return TopicRanges(id=now.id, ranges=ranges, lost=lost)


def _at_its_end(taken: TopicRanges) -> TopicRanges:
    return TopicRanges(id=taken.id, ranges={p: (end, end) for p, (_, end) in taken.ranges.items()})


def _gone(start: int, held: PartitionNow) -> tuple[int, int] | None:
    """Return the offsets that are lost for a reading that goes on at ``start``."""
    if start < held.beginning:
        return (start, held.beginning)
    return (held.end, start) if held.end < start else None


def _still_there(taken: TopicRanges, now: TopicNow) -> TopicRanges:
    if taken.id != now.id:
        ranges = {p: (held.beginning, held.beginning) for p, held in now.partitions.items()}
        return TopicRanges(id=now.id, ranges=ranges, recreated=True)
    ranges, lost = {}, dict(taken.lost)
    for partition, (start, end) in taken.ranges.items():
        held = now.partitions.get(partition, PartitionNow(beginning=0, end=0, starting=0))
        kept = (min(max(start, held.beginning), end), end)
        if held.end < end:
            kept = (min(start, held.end), held.end)
            lost[partition] = (held.end, end)
        elif kept[0] > start:
            lost[partition] = (taken.lost.get(partition, (start, 0))[0], kept[0])
        ranges[partition] = kept
    return TopicRanges(id=taken.id, ranges=ranges, lost=lost, recreated=taken.recreated)


def _check_nothing_is_lost(
    before: Mapping[str, TopicRanges], found: Mapping[str, TopicRanges], now: Mapping[str, TopicNow]
) -> None:
    for name, topic in found.items():
        if name in before and before[name].id != topic.id:
            raise RecreatedTopicError(topic=name, before=before[name].id, now=topic.id)
    lost = {
        name: topic.lost
        for name, topic in found.items()
        if topic.lost and (name not in before or topic.lost != before[name].lost)
    }
    if lost:
        held = [
            f"{name}[{partition}] has {now[name].partitions[partition].beginning} to"
            f" {now[name].partitions[partition].end - 1}"
            for name, ranges in lost.items()
            for partition in sorted(ranges)
            if partition in now[name].partitions
        ]
        raise LostOffsetsError(lost=lost, why=f"on the brokers {', '.join(held) or 'there is nothing'}")


def _bounded(topic: TopicRanges, available: int, most: int | None) -> TopicRanges:
    """Return the part of a topic's ranges that is its share of at most so many offsets.

    Each partition gives in proportion to what it has, and at least one offset: none of them waits for ever.
    """
    if most is None or available <= most:
        return topic
    ranges = {
        partition: (start, start + min(end - start, max(1, (end - start) * most // available)))
        for partition, (start, end) in topic.ranges.items()
    }
    return msgspec.structs.replace(topic, ranges=ranges)
