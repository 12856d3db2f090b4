"""Table properties: their values as Delta writes them."""

from __future__ import annotations

import pytest

from lakehouse.delta_log.table_features import TableProperties
from lakehouse.delta_log.table_features.properties import interval_ms

DAY = 86_400_000


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("interval 1 week", 7 * DAY),
        ("interval 30 days", 30 * DAY),
        ("INTERVAL 1 day 2 hours", DAY + 7_200_000),
        ("12 hours", 12 * 3_600_000),
        ("interval 0 seconds", 0),
        ("interval -1 days", -DAY),
        ("interval", None),
        ("", None),
        ("30", None),
        ("interval 1 fortnight", None),
    ],
)
def test_intervals_are_read_as_spark_writes_them(text: str, milliseconds: int | None) -> None:
    assert interval_ms(text) == milliseconds


def test_what_is_not_set_or_not_readable_has_its_default() -> None:
    for properties in (TableProperties({}), TableProperties({"delta.checkpointInterval": "many"})):
        assert properties.checkpoint_interval == 100
        assert properties.deleted_file_retention_ms == 7 * DAY
        assert properties.log_retention_ms == 30 * DAY
        assert properties.transaction_retention_ms is None
        assert not properties.v2_checkpoints
        assert properties.in_commit_timestamps_from is None


def test_a_retention_of_zero_is_not_the_default() -> None:
    assert (
        TableProperties({"delta.deletedFileRetentionDuration": "interval 0 hours"}).deleted_file_retention_ms
        == 0
    )
