"""An operation gives a change and touches no transaction; where it fails, it leaves no file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import (
    AddFile,
    Change,
    MetadataChange,
    Operation,
    ProtocolChange,
    ReadSet,
    RemoveFile,
    TableView,
    TransactionClosedError,
    TransactionManager,
    col,
)
from lakehouse.delta_log.transaction import operations
from lakehouse.delta_log.transaction.live_files import LiveFiles
from lakehouse.errors import StorageError
from lakehouse.storage import MemoryStorageService, ObjectStat

SCHEMA = pa.schema([("id", pa.int64()), ("day", pa.string())])


def rows(*ids: int, day: str = "mon") -> pa.Table:
    return pa.table({"id": list(ids), "day": [day] * len(ids)}, schema=SCHEMA)


@pytest.fixture
def manager() -> TransactionManager:
    return TransactionManager()


@pytest.fixture
def table(tmp_path: Path, manager: TransactionManager) -> Path:
    """Partitions: ids 1 and 2 on monday, 3 on tuesday."""
    with manager.transaction(tmp_path) as transaction:
        transaction.create(SCHEMA, partition_by=["day"])
        transaction.append(pa.concat_tables([rows(1, 2), rows(3, day="tue")]))
    return tmp_path


def kinds(change: Change) -> list[str]:
    return [type(action).__name__ for action in change.actions]


def ids(table: Path) -> list[int]:
    """The table's ids as delta-rs reads them."""
    return sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist())


OPERATIONS: list[tuple[Callable[[TableView], Change], list[type], str]] = [
    (lambda view: operations.append(view, rows(4)), [AddFile], "WRITE"),
    (lambda view: operations.overwrite(view, rows(4)), [RemoveFile, RemoveFile, AddFile], "WRITE"),
    (lambda view: operations.replace_partitions(view, rows(4)), [AddFile, RemoveFile], "WRITE"),
    (lambda view: operations.delete(view, col("id") == 1), [RemoveFile, AddFile], "DELETE"),
    (lambda view: operations.delete(view, col("day") == "mon"), [RemoveFile], "DELETE"),
    (
        lambda view: operations.replace_where(view, col("day") == "tue", rows(4, day="tue")),
        [RemoveFile, AddFile],
        "WRITE",
    ),
    (
        lambda view: operations.add_columns(view, pa.schema([("x", pa.int32())])),
        [MetadataChange],
        "ADD COLUMNS",
    ),
    (lambda view: operations.set_properties(view, {"own": "1"}), [MetadataChange], "SET TBLPROPERTIES"),
    (
        lambda view: operations.enable_features(view, ["deletionVectors"]),
        [ProtocolChange],
        "UPGRADE PROTOCOL",
    ),
]


@pytest.mark.parametrize(("operation", "actions", "name"), OPERATIONS)
def test_an_operation_is_a_value_until_it_is_applied(
    table: Path,
    manager: TransactionManager,
    operation: Callable[[TableView], Change],
    actions: list[type],
    name: str,
) -> None:
    transaction = manager.start_transaction(table)
    change = operation(transaction.view)
    assert kinds(change) == [kind.__name__ for kind in actions]
    assert change.operation is not None
    assert change.operation.name == name
    assert (transaction.actions, transaction.written, transaction.operation) == ((), (), "WRITE")
    transaction.apply(change)
    assert transaction.actions == tuple(change.actions)
    assert transaction.written == tuple(change.written)
    assert transaction.operation == name
    assert manager.commit_transaction(transaction) == 1


def test_a_change_of_several_steps_is_applied_whole(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        view = transaction.view
        wider = operations.add_columns(view, pa.schema([("x", pa.int32())]))
        more = pa.table({"id": [4], "day": ["wed"], "x": pa.array([7], pa.int32())})
        transaction.apply(wider.then(operations.append(view.after(wider), more)))
    read = deltalake.DeltaTable(table).to_pyarrow_table().sort_by("id")
    assert read["x"].to_pylist() == [None, None, None, 7]


def test_an_operation_from_outside_is_applied_like_any_other(
    table: Path, manager: TransactionManager
) -> None:
    def untag(view: TableView) -> Change:
        """Remove all files that hold ids above 2."""
        paths = view.snapshot.files(col("id") > 2)["path"].to_pylist()
        return Change(
            actions=view.live_files.tombstones(paths),
            operation=Operation.of("UNTAG", above=2),
            reads=ReadSet(files=frozenset(paths)),
        )

    with manager.transaction(table) as transaction:
        transaction.apply(untag(transaction.view))
    assert ids(table) == [1, 2]
    (entry,) = deltalake.DeltaTable(table).history(1)
    assert (entry["operation"], entry["operationParameters"]) == ("UNTAG", {"above": "2"})


def test_a_change_that_is_dropped_is_in_no_version(table: Path, manager: TransactionManager) -> None:
    transaction = manager.start_transaction(table)
    operations.overwrite(transaction.view, rows(4))
    assert manager.commit_transaction(transaction) == 0
    assert ids(table) == [1, 2, 3]


def test_a_transaction_that_ended_gives_no_view(table: Path, manager: TransactionManager) -> None:
    with manager.transaction(table) as transaction:
        transaction.append(rows(4))
    with pytest.raises(TransactionClosedError):
        operations.append(transaction.view, rows(5))
    with pytest.raises(TransactionClosedError):
        transaction.apply(Change(actions=transaction.actions))


class SmallStorage(MemoryStorageService):
    """Has place for some data files only."""

    def __init__(self) -> None:
        super().__init__()
        self.files_left = 1_000

    def write(self, key: str, body: object) -> ObjectStat:
        if key.endswith(".parquet"):
            if not self.files_left:
                raise StorageError(f"no place for {key}.", fix="make some.")
            self.files_left -= 1
        return super().write(key, body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "write",
    [
        lambda view: operations.append(view, pa.concat_tables([rows(9), rows(9, day="tue")])),
        lambda view: operations.replace_partitions(view, pa.concat_tables([rows(9), rows(9, day="tue")])),
        lambda view: operations.delete(view, (col("id") == 1) | (col("id") == 3)),
        lambda view: operations.replace_where(view, col("id") <= 3, rows(3)),
    ],
)
def test_an_operation_that_fails_half_way_leaves_no_file(write: Callable[[TableView], Change]) -> None:
    storage = SmallStorage()
    manager = TransactionManager(storage=storage)
    with manager.transaction("table") as transaction:
        transaction.create(SCHEMA, partition_by=["day"])
        transaction.append(pa.concat_tables([rows(1, 2), rows(3, 4, day="tue")]))
    transaction = manager.start_transaction("table")
    before = [stat.key for stat in storage.list()]
    storage.files_left = 1
    with pytest.raises(StorageError, match="no place"):
        write(transaction.view)
    assert storage.files_left == 0
    assert [stat.key for stat in storage.list()] == before


def test_new_files_go_where_the_old_ones_can_not_be_found(table: Path, manager: TransactionManager) -> None:
    class Unreadable(LiveFiles):
        def paths(self) -> list[str]:
            raise OSError("the log can't be read")

    state = manager.start_transaction(table).state
    before = sorted(table.rglob("*.parquet"))
    view = replace(
        manager.start_transaction(table).view,
        live_files=Unreadable(state.table.files, table="t", version=state.version),
    )
    with pytest.raises(OSError, match="can't be read"):
        operations.replace_partitions(view, rows(9))
    assert sorted(table.rglob("*.parquet")) == before
