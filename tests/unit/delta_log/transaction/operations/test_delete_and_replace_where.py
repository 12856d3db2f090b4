"""Replacing and deleting by predicate: the right rows go, the others stay, and conflicts are found."""

from __future__ import annotations

from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.delta_log.errors import (
    ConcurrentAppendException,
    ConcurrentDeleteReadException,
    UnenforceableRuleError,
    WrongReplacementError,
)
from lakehouse.delta_log.scan import IsIn, Predicate, col

SCHEMA = pa.schema([("id", pa.int64()), ("day", pa.string())])


def rows(*ids: int | None, day: str = "mon") -> pa.Table:
    return pa.table({"id": list(ids), "day": [day] * len(ids)}, schema=SCHEMA)


@pytest.fixture
def manager() -> TransactionManager:
    return TransactionManager()


@pytest.fixture(params=["partitioned", "unpartitioned"])
def table(request: pytest.FixtureRequest, tmp_path: Path, manager: TransactionManager) -> Path:
    with manager.transaction(tmp_path) as transaction:
        transaction.create(SCHEMA, partition_by=["day"] if request.param == "partitioned" else [])
    for part in (rows(1, 2, None), rows(3, 4, day="tue")):
        with manager.transaction(tmp_path) as transaction:
            transaction.append(part)
    return tmp_path


def content(table: Path) -> set[tuple[int | None, str]]:
    """The table's rows as delta-rs reads them."""
    read = deltalake.DeltaTable(table).to_pyarrow_table()
    return set(zip(read["id"].to_pylist(), read["day"].to_pylist(), strict=True))


def test_rows_that_meet_the_predicate_go_and_unknown_ones_stay(
    table: Path, manager: TransactionManager
) -> None:
    with manager.transaction(table) as transaction:
        transaction.delete(col("id") >= 2)
    assert content(table) == {(1, "mon"), (None, "mon")}


def test_a_file_without_such_rows_is_left_alone(table: Path, manager: TransactionManager) -> None:
    before = set(Snapshot.load(table).files()["path"].to_pylist())
    with manager.transaction(table) as transaction:
        transaction.delete(col("id") == 3)
    after = set(Snapshot.load(table).files()["path"].to_pylist())
    assert len(before & after) == 1
    assert content(table) == {(1, "mon"), (2, "mon"), (None, "mon"), (4, "tue")}


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        (col("day") == "tue", {(1, "mon"), (2, "mon"), (None, "mon")}),
        ((col("id") >= 3) & ~(col("day") == "mon"), {(1, "mon"), (2, "mon"), (None, "mon")}),
        ((col("id") > 2) | col("id").is_null(), {(1, "mon"), (2, "mon")}),
    ],
)
def test_a_file_of_which_every_row_goes_is_not_opened(
    table: Path, manager: TransactionManager, predicate: Predicate, left: set[tuple[int | None, str]]
) -> None:
    [whole] = Snapshot.load(table).files(col("day") == "tue")["path"].to_pylist()
    (table / whole).write_bytes(b"nobody reads this")
    with manager.transaction(table) as transaction:
        transaction.delete(predicate)
    assert content(table) == left


@pytest.mark.parametrize(
    "predicate",
    [
        IsIn(("x",), (1, None)),  # unknown for 2
        (col("y") > 5) | (col("x") == 7),  # NaN is in no bounds
        (col("x") == None) | (col("x") == 1),  # noqa: E711 - a comparison with NULL, which is unknown
        (col("x") > 0) & (col("z") < 9),  # z has a null
    ],
)
def test_rows_of_which_bounds_tell_nothing_are_looked_at(
    tmp_path: Path, manager: TransactionManager, predicate: Predicate
) -> None:
    held = pa.table({"x": [1, 2], "y": [7.0, float("nan")], "z": pa.array([3, None], pa.int64())})
    with manager.transaction(tmp_path) as transaction:
        transaction.append(held)
    with manager.transaction(tmp_path) as transaction:
        transaction.delete(predicate)
    assert deltalake.DeltaTable(tmp_path).to_pyarrow_table()["x"].to_pylist() == [2]


def test_a_delete_that_finds_no_row_makes_no_version(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.delete(col("id") == 99)
    assert Snapshot.load(table).version == 2


@pytest.mark.parametrize(
    ("predicate", "left"),
    [
        (col("day") == "mon", {(3, "tue"), (4, "tue")}),
        ((col("day") == "mon") & (col("id") == 1), {(2, "mon"), (None, "mon"), (3, "tue"), (4, "tue")}),
        (col("id").is_null(), {(1, "mon"), (2, "mon"), (3, "tue"), (4, "tue")}),
    ],
    ids=["of a partition", "of a part of it", "without a key"],
)
def test_new_rows_come_in_the_place_of_those_that_meet_the_predicate(
    table: Path, manager: TransactionManager, predicate: object, left: set[tuple[int | None, str]]
) -> None:
    new = rows(None) if "IsNull" in str(predicate) else rows(1)
    with manager.transaction(table) as transaction:
        transaction.replace_where(predicate, new)
    assert content(table) == left | set(zip(new["id"].to_pylist(), new["day"].to_pylist(), strict=True))


def test_new_rows_that_do_not_meet_the_predicate_are_refused(
    table: Path, manager: TransactionManager
) -> None:
    with (
        pytest.raises(WrongReplacementError, match=r"1 of the new rows.*Fix:"),
        manager.transaction(table) as t,
    ):
        t.replace_where(col("day") == "mon", pa.concat_tables([rows(7), rows(8, day="tue")]))
    assert Snapshot.load(table).version == 2


def test_a_file_that_would_have_been_read_is_a_conflict_only_in_the_same_partition(
    table: Path, manager: TransactionManager
) -> None:
    is_partitioned = bool(Snapshot.load(table).partition_columns)
    late = manager.start_transaction(table)
    late.delete((col("day") == "tue") & (col("id") == 3))
    with manager.transaction(table) as transaction:
        transaction.read_rows(transaction_predicate())
        transaction.append(rows(9))
    if is_partitioned:
        manager.commit_transaction(late)
        assert (3, "tue") not in content(table)
    else:
        with pytest.raises(ConcurrentAppendException, match="Comparison"):
            manager.commit_transaction(late)


def transaction_predicate() -> object:
    from lakehouse.delta_log.transaction.conflicts import WHOLE_TABLE

    return WHOLE_TABLE


def test_two_deletes_in_one_file_exclude_each_other(table: Path, manager: TransactionManager) -> None:
    late = manager.start_transaction(table)
    late.delete(col("id") == 3)
    with manager.transaction(table) as transaction:
        transaction.delete(col("id") == 4)
    with pytest.raises((ConcurrentAppendException, ConcurrentDeleteReadException)):
        manager.commit_transaction(late)
    assert (3, "tue") in content(table)


@pytest.mark.parametrize("name", ["delta.enableChangeDataFeed", "delta.enableRowTracking"])
def test_a_part_of_a_file_is_not_removed_where_that_needs_more_than_new_files(
    tmp_path: Path, manager: TransactionManager, name: str
) -> None:
    with manager.transaction(tmp_path) as transaction:
        transaction.create(SCHEMA, partition_by=["day"], properties={name: "true"})
        transaction.append(pa.concat_tables([rows(1, 2), rows(3, day="tue")]))
    with pytest.raises(UnenforceableRuleError, match="only whole files"), manager.transaction(tmp_path) as t:
        t.delete(col("id") == 1)
    with manager.transaction(tmp_path) as transaction:
        transaction.delete(col("day") == "mon")
    assert Snapshot.load(tmp_path).to_arrow()["id"].to_pylist() == [3]


def test_rows_leave_by_whole_files_whatever_rule_the_table_has_for_new_ones(tmp_path: Path) -> None:
    rows = pa.table({"p": [1, 1, 2], "x": [1, 2, 3]})
    deltalake.write_deltalake(tmp_path, rows, partition_by=["p"])
    deltalake.DeltaTable(tmp_path).alter.add_constraint({"positive": "x > 0"})
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.delete(col("p") == 1)
    assert deltalake.DeltaTable(tmp_path).to_pyarrow_table()["x"].to_pylist() == [3]
    transaction = TransactionManager().start_transaction(tmp_path)
    with pytest.raises(UnenforceableRuleError):
        transaction.append(rows)
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.overwrite(rows.slice(0, 0))
    assert Snapshot.load(tmp_path).to_arrow().num_rows == 0
