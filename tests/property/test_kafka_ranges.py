"""Whatever comes to a topic, and however a batch is bounded: each offset is taken once, in order, or named as lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ingestion.kafka.offsets import KafkaInputs, PartitionNow, TopicNow, next_inputs

PARTITIONS = 4
DAYS = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60)), min_size=PARTITIONS, max_size=PARTITIONS),
    min_size=1,
    max_size=12,
)
"""By day and partition: how many records come, and how many of the oldest are then thrown away."""


@given(days=DAYS, known=st.integers(1, PARTITIONS), most=st.none() | st.integers(1, 30))
def test_each_offset_is_taken_once_or_named_as_lost(
    days: list[list[tuple[int, int]]], known: int, most: int | None
) -> None:
    ends, beginnings = [0] * PARTITIONS, [0] * PARTITIONS
    taken: list[list[int]] = [[] for _ in range(PARTITIONS)]
    lost: list[set[int]] = [set() for _ in range(PARTITIONS)]
    last: KafkaInputs | None = None
    for day, partitions in enumerate(days):
        count = known if day == 0 else PARTITIONS  # the others are added after the first batch
        for number, (come, go) in enumerate(partitions[:count]):
            ends[number] += come
            beginnings[number] = min(ends[number], max(beginnings[number], beginnings[number] + go - 20))
        held = {
            number: PartitionNow(beginning=beginnings[number], end=ends[number], starting=beginnings[number])
            for number in range(count)
        }
        skipped = [beginnings[number] if last is None else 0 for number in range(count)]
        found = next_inputs(
            last, {"t": TopicNow(id="a", partitions=held)}, max_offsets=most, accepts_loss=True
        )
        if found is None:
            assert last is not None
            continue
        topic = found.topics["t"]
        for number, (start, end) in topic.ranges.items():
            before = last.topics["t"].ranges.get(number) if last is not None else None
            gone = range(*topic.lost.get(number, (0, 0)))
            lost[number] |= set(range(skipped[number])) | set(gone)
            if before is None and last is not None:
                lost[number] |= set(range(start))
            taken[number] += range(start, end)
            assert beginnings[number] <= start <= end <= ends[number]
            waits = ends[number] > start
            assert (end > start) == waits, "a partition that has records gives at least one"
        if most is not None:
            assert found.offsets <= most + PARTITIONS
        last = found
    for number in range(PARTITIONS):
        together = sorted([*taken[number], *lost[number]])
        assert taken[number] == sorted(set(taken[number])), "in order, and none twice"
        assert together == list(range(len(together))), "without a gap"
