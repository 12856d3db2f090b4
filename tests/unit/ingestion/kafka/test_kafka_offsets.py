"""Which offsets a batch takes of what brokers hold, and what it says of those that are gone."""

from __future__ import annotations

import json

import pytest

from lakehouse.ingestion.kafka.errors import LostOffsetsError, RecreatedTopicError
from lakehouse.ingestion.kafka.offsets import (
    KafkaInputs,
    PartitionNow,
    TopicNow,
    TopicRanges,
    lost_in_rebuild,
    next_inputs,
    standing,
)


def now(*held: tuple[int, int], topic_id: str = "a", starting: int | None = None) -> dict[str, TopicNow]:
    """One topic whose partitions hold the offsets from the first number to the one before the second."""
    partitions = {
        number: PartitionNow(beginning=first, end=end, starting=first if starting is None else starting)
        for number, (first, end) in enumerate(held)
    }
    return {"orders": TopicNow(id=topic_id, partitions=partitions)}


def took(*ranges: tuple[int, int], topic_id: str = "a") -> KafkaInputs:
    return KafkaInputs(topics={"orders": TopicRanges(id=topic_id, ranges=dict(enumerate(ranges)))})


def following(last: KafkaInputs | None, held: dict[str, TopicNow], **more: object) -> KafkaInputs | None:
    return next_inputs(last, held, **{"max_offsets": None, "accepts_loss": False, **more})  # type: ignore[arg-type]


def test_the_first_batch_takes_all_from_the_start_and_stands_even_when_that_is_nothing() -> None:
    assert following(None, now((3, 9), (0, 0))) == took((3, 9), (0, 0))
    assert following(None, now((3, 9), starting=9)) == took((9, 9))


def test_the_next_batch_goes_on_where_the_last_one_ended_and_none_is_needed_without_news() -> None:
    assert following(took((3, 9), (0, 2)), now((5, 12), (0, 2))) == took((9, 12), (2, 2))
    assert following(took((3, 9), (0, 2)), now((5, 9), (0, 2))) is None


def test_a_partition_that_came_since_is_read_from_its_beginning_wherever_the_table_started() -> None:
    assert following(took((9, 9)), now((0, 9), (0, 4), starting=9)) == took((9, 9), (0, 4))


def test_records_that_are_gone_before_a_batch_took_them_are_named_or_counted() -> None:
    held = now((12, 20), (0, 5))
    with pytest.raises(LostOffsetsError, match=r"orders\[0\] offsets 9 to 11; .* has 12 to 19") as caught:
        following(took((3, 9), (0, 5)), held)
    assert caught.value.lost == {"orders": {0: (9, 12)}}
    assert "on_loss='accept'" in (caught.value.fix or "")
    accepted = following(took((3, 9), (0, 5)), held, accepts_loss=True)
    assert accepted is not None
    assert (accepted.topics["orders"].ranges, accepted.topics["orders"].lost) == (
        {0: (12, 20), 1: (5, 5)},
        {0: (9, 12)},
    )
    assert (accepted.offsets, accepted.offsets_lost) == (8, 3)
    assert following(accepted, held) is None


def test_offsets_below_those_that_were_taken_are_a_loss_and_are_taken_again_when_it_is_accepted() -> None:
    with pytest.raises(LostOffsetsError, match=r"orders\[0\] offsets 6 to 8"):
        following(took((3, 9)), now((0, 6)))
    accepted = following(took((3, 9)), now((0, 6)), accepts_loss=True)
    assert accepted is not None
    assert accepted.topics["orders"].ranges == {0: (6, 6)}
    assert following(accepted, now((0, 8))) == took((6, 8))


def test_a_topic_that_is_declared_again_goes_on_where_it_was_left() -> None:
    clicks = {"clicks": now((0, 7))["orders"]}
    both = following(took((3, 9)), {**now((3, 9)), **clicks})
    assert both is not None
    without = following(both, {"clicks": now((0, 8))["orders"]})
    assert without is not None
    again = following(without, {**now((3, 12)), "clicks": now((0, 8))["orders"]})
    assert again is not None
    assert again.not_empty == {"orders": {0: (9, 12)}}


def test_a_topic_made_again_is_refused_or_read_from_its_beginning() -> None:
    with pytest.raises(RecreatedTopicError, match="'orders' was deleted and made again"):
        following(took((3, 9)), now((0, 20), topic_id="b"))
    accepted = following(took((3, 9)), now((0, 20), topic_id="b"), accepts_loss=True)
    assert accepted is not None
    assert accepted.topics["orders"] == TopicRanges(id="b", ranges={0: (0, 20)}, recreated=True)


def test_a_bound_is_shared_in_proportion_and_each_partition_with_records_gives_one() -> None:
    found = following(took((0, 0), (0, 0), (5, 5)), now((0, 900), (0, 100), (0, 6)), max_offsets=100)
    assert found is not None
    assert found.topics["orders"].ranges == {0: (0, 89), 1: (0, 9), 2: (5, 6)}
    assert found.waiting == 1001 - 99


def test_a_decided_batch_that_can_not_be_read_again_says_what_is_gone() -> None:
    batch = took((3, 9), (0, 4))
    assert standing(batch, now((3, 30), (0, 4)), accepts_loss=False) is None
    with pytest.raises(LostOffsetsError, match=r"orders\[0\] offsets 3 to 6"):
        standing(batch, now((7, 30), (0, 4)), accepts_loss=False)
    left = standing(batch, now((7, 30), (0, 4)), accepts_loss=True)
    assert left is not None
    assert left.topics["orders"] == TopicRanges(id="a", ranges={0: (7, 9), 1: (0, 4)}, lost={0: (3, 7)})
    all_gone = standing(batch, now((30, 40), (0, 4)), accepts_loss=True)
    assert all_gone is not None
    assert all_gone.topics["orders"].ranges[0] == (9, 9)
    with pytest.raises(RecreatedTopicError):
        standing(batch, now((0, 30), topic_id="b"), accepts_loss=False)


def test_a_rebuild_would_lose_what_the_brokers_hold_no_more_and_what_lies_before_the_start() -> None:
    first, last = took((3, 9)), took((9, 20))
    assert lost_in_rebuild(first, last, now((3, 30))) == {}
    assert lost_in_rebuild(first, last, now((8, 30))) == {"orders": {0: (3, 8)}}
    assert lost_in_rebuild(first, last, now((3, 30), starting=30)) == {"orders": {0: (3, 20)}}
    assert lost_in_rebuild(first, last, now((0, 5), topic_id="b")) == {"orders": {0: (3, 20)}}


def test_inputs_are_the_same_after_json() -> None:
    inputs = KafkaInputs(
        topics={"orders": TopicRanges(id="a", ranges={0: (1, 2), 10: (0, 0)}, lost={0: (0, 1)})}, waiting=4
    )
    assert KafkaInputs.of(json.loads(json.dumps(inputs.as_json()))) == inputs
