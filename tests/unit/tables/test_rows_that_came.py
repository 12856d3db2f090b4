"""How many rows came with some versions of a table, by its log alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, DeletionVectorDescriptor, Snapshot, TransactionManager
from lakehouse.tables import TableLog, UnreadableChangesError

MANAGER = TransactionManager()
VECTOR = DeletionVectorDescriptor(
    storage_type="u", path_or_inline="ab^-aqEH.-t@S}K{vb[*k^", offset=1, size_bytes=36, cardinality=1
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three rows, then two, then one, each in a version of its own."""
    for rows in ([1, 2, 3], [4, 5], [6]):
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.append(pa.table({"n": rows}))
    return tmp_path


@pytest.mark.parametrize(
    ("after", "through", "rows"), [(-1, 2, 6), (0, 2, 3), (1, 2, 1), (1, 1, 0), (-1, 0, 3)]
)
def test_the_rows_of_some_versions_are_counted(table: Path, after: int, through: int, rows: int) -> None:
    assert TableLog(str(table)).rows_added(after=after, through=through) == rows


def test_new_rows_of_a_table_that_may_have_vectors_are_read_from_files_without_one(table: Path) -> None:
    with MANAGER.transaction(table) as transaction:
        transaction.set_properties({"delta.enableDeletionVectors": "true"})
    with MANAGER.transaction(table) as transaction:
        transaction.append(pa.table({"n": [7]}))
    log = TableLog(str(table))
    (added,) = log.paths_added(after=3, through=4) or ()
    assert log.plain_files_added(after=3, through=4) == (f"{table}/{added}",)
    [file] = [each for each in Snapshot.load(table).actions_of(4) if isinstance(each, AddFile)]
    with MANAGER.transaction(table) as transaction:
        transaction.remove(file.path)
        transaction.add(msgspec.structs.replace(file, deletion_vector=VECTOR))
    with pytest.raises(UnreadableChangesError, match="rows came and went in between"):
        log.plain_files_added(after=3, through=5)


@pytest.mark.parametrize(
    "properties", [{"delta.columnMapping.mode": "name"}, {"delta.enableTypeWidening": "true"}]
)
def test_new_rows_of_a_table_whose_files_read_otherwise_are_not_read_from_them(
    table: Path, properties: dict[str, str]
) -> None:
    with MANAGER.transaction(table) as transaction:
        transaction.set_properties(properties)
    with MANAGER.transaction(table) as transaction:
        transaction.append(pa.table({"n": [7]}))
    assert TableLog(str(table)).plain_files_added(after=3, through=4) is None


def test_a_feed_that_was_switched_on_later_does_not_tell_what_came_before(table: Path) -> None:
    log = TableLog(str(table))
    assert not log.feeds_changes(after=0, through=2)
    with MANAGER.transaction(table) as transaction:
        transaction.set_properties({"delta.enableChangeDataFeed": "true"})
    with MANAGER.transaction(table) as transaction:
        transaction.append(pa.table({"n": [7]}))
    assert not log.feeds_changes(after=1, through=4)
    assert log.feeds_changes(after=2, through=4)
    assert log.feeds_changes(after=3, through=4)


@pytest.mark.parametrize(
    "lacking",
    [
        {"stats": None},
        {"deletion_vector": VECTOR},
    ],
    ids=["no statistics", "a row that is deleted"],
)
def test_a_file_whose_rows_are_not_told_makes_the_count_unknown(table: Path, lacking: dict[str, Any]) -> None:
    with MANAGER.transaction(table) as transaction:
        [file] = [each for each in Snapshot.load(table).actions_of(2) if isinstance(each, AddFile)]
        transaction.remove(file.path)
        transaction.add(msgspec.structs.replace(file, **lacking))
    log = TableLog(str(table))
    assert log.rows_added(after=2, through=3) is None
    assert log.rows_added(after=0, through=1) == 2


DAY = dt.date(2024, 1, 1)
NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


def test_the_log_tells_between_which_times_new_rows_lie(tmp_path: Path) -> None:
    days = [[-5], [0, 3], [None], [1]]
    for some in days:
        dates = pa.array([None if n is None else DAY + dt.timedelta(days=n) for n in some], pa.date32())
        moments = [None if n is None else NOON + dt.timedelta(days=n, microseconds=7) for n in some]
        at = pa.array(moments, pa.timestamp("us", tz="UTC"))
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.append(pa.table({"day": dates, "at": at, "name": pa.array(["a"] * len(some))}))
    log = TableLog(str(tmp_path))
    first = (DAY - EPOCH.date()).days
    assert log.span_added("day", after=0, through=3) == (first, first + 3)
    assert log.span_added("day", after=2, through=3) == (first + 1, first + 1)
    assert log.span_added("day", after=1, through=2) is None, "the file has no day"
    low, high = log.span_added("at", after=0, through=3) or (0, 0)
    first_us, last_us = (
        (NOON + dt.timedelta(days=n, microseconds=7) - EPOCH) // dt.timedelta(microseconds=1) for n in (0, 3)
    )
    assert 0 <= first_us - low < 2_000, "statistics have milliseconds"
    assert 0 <= high - last_us < 2_000
    assert log.span_added("nothing", after=0, through=3) is None


def test_without_statistics_of_a_file_no_span_is_told(table: Path) -> None:
    with MANAGER.transaction(table) as transaction:
        [file] = [each for each in Snapshot.load(table).actions_of(2) if isinstance(each, AddFile)]
        transaction.remove(file.path)
        transaction.add(msgspec.structs.replace(file, stats=None))
    log = TableLog(str(table))
    assert log.span_added("n", after=0, through=2) == (4, 6)
    assert log.span_added("n", after=1, through=3) is None
