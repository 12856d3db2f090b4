"""History, time travel by timestamp, and in-commit timestamps."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.errors import MalformedLogError, TimestampNotFoundError
from lakehouse.errors import ConfigurationError
from tests.unit.delta_log.hand_written_logs import PROTOCOL, add, metadata, write_log


def committed_at(table: Path, *modified_seconds: int) -> None:
    for version, seconds in enumerate(modified_seconds):
        os.utime(table / "_delta_log" / f"{version:020d}.json", (seconds, seconds))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table of four versions; the clock stood still, and once ran backwards."""
    write_log(tmp_path, *[[{"commitInfo": {"operation": f"OP {i}"}}, add(str(i))] for i in range(4)])
    committed_at(tmp_path, 1_000, 2_000, 2_000, 1_500)
    return tmp_path


@pytest.mark.parametrize(
    ("milliseconds", "version"),
    [(1_000_000, 0), (1_999_999, 0), (2_000_000, 1), (2_000_001, 2), (2_000_002, 3)],
)
def test_the_version_of_a_time_is_the_last_one_committed_until_then(
    table: Path, milliseconds: int, version: int
) -> None:
    assert Snapshot.load(table, timestamp=milliseconds).version == version


@pytest.mark.parametrize(
    "timestamp",
    [datetime.fromtimestamp(1_500, UTC), "1970-01-01T00:25:00Z", "1970-01-01T02:25:00+02:00", 1_500_000],
)
def test_a_time_may_be_given_in_any_usual_form(table: Path, timestamp: datetime | str | int) -> None:
    assert Snapshot.load(table, timestamp=timestamp).version == 0


@pytest.mark.parametrize("milliseconds", [999_999, 2_000_003])
def test_times_outside_of_the_history_are_refused_as_in_spark(table: Path, milliseconds: int) -> None:
    with pytest.raises(TimestampNotFoundError, match="1970-01-01T"):
        Snapshot.load(table, timestamp=milliseconds)


def test_a_value_that_is_not_a_time_is_a_configuration_error(table: Path) -> None:
    for wrong in ("yesterday", "2024-05-01T12:00:00", datetime(2024, 5, 1)):
        with pytest.raises(ConfigurationError):
            Snapshot.load(table, timestamp=wrong)
    with pytest.raises(ConfigurationError, match="Both"):
        Snapshot.load(table, 1, 1_000_000)


def test_history_lists_each_version_the_newest_first(table: Path) -> None:
    entries = Snapshot.load(table).history()
    assert [(e.version, e.timestamp_ms, e.commit_info.operation) for e in entries] == [
        (3, 2_000_002, "OP 3"),
        (2, 2_000_001, "OP 2"),
        (1, 2_000_000, "OP 1"),
        (0, 1_000_000, "OP 0"),
    ]
    assert [entry.version for entry in Snapshot.load(table, 2).history(limit=2)] == [2, 1]


def test_history_is_what_the_log_still_has(table: Path) -> None:
    snapshot = Snapshot.load(table)
    (table / "_delta_log" / f"{0:020d}.json").unlink()
    assert [entry.version for entry in snapshot.history()] == [3, 2, 1]


def in_commit(timestamp: int) -> dict:
    return {"commitInfo": {"inCommitTimestamp": timestamp, "operation": "WRITE"}}


ENABLED = metadata(
    configuration={
        "delta.enableInCommitTimestamps": "true",
        "delta.inCommitTimestampEnablementVersion": "2",
        "delta.inCommitTimestampEnablementTimestamp": "5000000",
    }
)


def test_in_commit_timestamps_count_from_where_they_were_switched_on(tmp_path: Path) -> None:
    write_log(
        tmp_path, [add("a")], [add("b")], [in_commit(5_000_000), ENABLED], [in_commit(5_000_001), add("c")]
    )
    committed_at(tmp_path, 1_000, 9_999, 1, 1)
    at = {moment: Snapshot.load(tmp_path, timestamp=moment).version for moment in (1_000_000, 4_999_999)}
    assert at == {1_000_000: 0, 4_999_999: 0}
    assert Snapshot.load(tmp_path, timestamp=5_000_000).version == 2
    assert Snapshot.load(tmp_path, timestamp=5_000_001).version == 3
    assert Snapshot.load(tmp_path).timestamp_ms == 5_000_001


def test_a_commit_without_its_required_timestamp_is_refused_when_it_is_needed(tmp_path: Path) -> None:
    always = metadata(configuration={"delta.enableInCommitTimestamps": "true"})
    write_log(tmp_path, [in_commit(5), PROTOCOL, always], [add("a"), in_commit(7)])
    assert Snapshot.load(tmp_path).version == 1
    with pytest.raises(MalformedLogError, match="inCommitTimestamp"):
        Snapshot.load(tmp_path, timestamp=6)
