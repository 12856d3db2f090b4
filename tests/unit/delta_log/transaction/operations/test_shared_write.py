"""Files that several processes write become one version, or none; parts of a version are read by others."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import (
    DefinitionChangedError,
    RowsSchemaMismatchError,
    SharedWrite,
    Snapshot,
    TransactionManager,
    WriteKind,
    scan_parts,
)
from lakehouse.delta_log.schema import delta_schema

MANAGER = TransactionManager(spark_writers=False)
ROWS = pa.table({"k": [1, 2, None], "part": ["a", "b", "a"]})
MORE = pa.table({"k": [9], "part": ["b"], "more": ["x"]})


def planned(path: Path, rows: pa.Table, **options: object) -> SharedWrite:
    """Return a plan as another process has it."""
    transaction = MANAGER.start_transaction(path)
    plan = transaction.plan_shared_write(delta_schema(rows.schema, table=str(path)), **options)
    MANAGER.rollback_transaction(transaction)
    return pickle.loads(pickle.dumps(plan))


def commit(path: Path, plan: SharedWrite, *parts: pa.Table) -> None:
    files = [pickle.loads(pickle.dumps(file)) for rows in parts for file in plan.write(rows)]
    with MANAGER.transaction(path) as transaction:
        transaction.take_shared_write(plan, files)


def rows_of(path: Path) -> Counter[str]:
    return Counter(map(repr, Snapshot.load(path).to_arrow().to_pylist()))


def by_delta_rs(path: Path) -> Counter[str]:
    table = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(path)).execute("SELECT * FROM t")
    return Counter(map(repr, pa.table(table.read_all()).to_pylist()))


@pytest.mark.parametrize("mapping", ["none", "name"])
def test_a_table_is_created_of_the_files_of_two_writers(tmp_path: Path, mapping: str) -> None:
    plan = planned(tmp_path, ROWS, partition_by=["part"], properties={"delta.columnMapping.mode": mapping})
    commit(tmp_path, plan, ROWS, ROWS)
    expected = Counter(map(repr, ROWS.to_pylist() * 2))
    assert rows_of(tmp_path) == by_delta_rs(tmp_path) == expected
    snapshot = Snapshot.load(tmp_path)
    assert (snapshot.version, snapshot.partition_columns) == (0, ("part",))
    parts = [pickle.loads(pickle.dumps(part)) for part in scan_parts(snapshot)]
    read = pa.concat_tables(rows for part in parts for rows in part.tables())
    assert Counter(map(repr, read.to_pylist())) == expected


def test_an_overwrite_takes_other_columns_and_partitions(tmp_path: Path) -> None:
    commit(tmp_path, planned(tmp_path, ROWS), ROWS)
    plan = planned(tmp_path, MORE, kind=WriteKind.OVERWRITE, new_schema=True, partition_by=["part"])
    commit(tmp_path, plan, MORE)
    assert rows_of(tmp_path) == by_delta_rs(tmp_path) == Counter(map(repr, MORE.to_pylist()))
    assert Snapshot.load(tmp_path).partition_columns == ("part",)


def test_an_append_adds_columns_only_where_it_may(tmp_path: Path) -> None:
    commit(tmp_path, planned(tmp_path, ROWS), ROWS)
    with pytest.raises(RowsSchemaMismatchError, match="'more' is unknown"):
        commit(tmp_path, planned(tmp_path, MORE), MORE)
    commit(tmp_path, planned(tmp_path, MORE, new_schema=True), MORE)
    expected = [*({**row, "more": None} for row in ROWS.to_pylist()), *MORE.to_pylist()]
    assert rows_of(tmp_path) == Counter(map(repr, expected))


def test_files_for_a_table_that_is_defined_otherwise_by_now_are_refused(tmp_path: Path) -> None:
    late = planned(tmp_path, ROWS, partition_by=["part"])
    commit(tmp_path, planned(tmp_path, ROWS), ROWS)
    files = late.write(ROWS)
    with pytest.raises(DefinitionChangedError), MANAGER.transaction(tmp_path) as transaction:
        transaction.take_shared_write(late, files)
    late.discard(files)
    assert rows_of(tmp_path) == Counter(map(repr, ROWS.to_pylist()))
    live = set(Snapshot.load(tmp_path).files().column("path").to_pylist())
    assert {file.name for file in tmp_path.rglob("*.parquet")} == live


def mapped(path: Path) -> dict[str, tuple[int, str]]:
    return {each.name: (each.field_id, each.physical_name) for each in Snapshot.load(path).struct}


def test_columns_that_stay_keep_their_ids_and_names_in_files_over_a_replacement(tmp_path: Path) -> None:
    properties = {"delta.columnMapping.mode": "name"}
    one = pa.struct([("x", pa.int64()), ("y", pa.int64())])
    rows = ROWS.append_column("one", pa.array([{"x": 1, "y": 2}] * ROWS.num_rows, one))
    commit(tmp_path, planned(tmp_path, rows, properties=properties), rows)
    before, struct = mapped(tmp_path), Snapshot.load(tmp_path).struct
    other = pa.table(
        {
            "new": [1],
            "k": pa.array([7], ROWS["k"].type),
            "part": [1.5],
            "one": pa.array([{"y": 5}], pa.struct([("y", pa.int64())])),
        }
    )
    commit(tmp_path, planned(tmp_path, other, kind=WriteKind.OVERWRITE, new_schema=True), other)
    after = mapped(tmp_path)
    assert after["k"] == before["k"]
    assert after["one"] == before["one"]
    highest = max(number for number, _ in before.values())
    assert after["new"][0] > highest
    assert after["part"][0] > highest, "a column of another type is another one"
    inner, held = Snapshot.load(tmp_path).struct.get("one"), struct.get("one")
    assert inner.data_type.get("y").field_id == held.data_type.get("y").field_id
    assert rows_of(tmp_path) == by_delta_rs(tmp_path) == Counter(map(repr, other.to_pylist()))


def test_many_files_are_read_in_parts_of_a_useful_size(tmp_path: Path) -> None:
    plan = planned(tmp_path, ROWS)
    commit(tmp_path, plan, *[ROWS.slice(number % 3, 1) for number in range(150)])
    parts = list(scan_parts(Snapshot.load(tmp_path)))
    assert sum(part.files.num_rows for part in parts) == 150
    assert 2 <= len(parts) <= 4


@pytest.mark.parametrize("mapping", ["none", "name"])
def test_files_of_changes_are_all_that_a_reader_of_changes_sees(tmp_path: Path, mapping: str) -> None:
    properties = {"delta.enableChangeDataFeed": "true", "delta.columnMapping.mode": mapping}
    commit(tmp_path, planned(tmp_path, ROWS, partition_by=["part"], properties=properties), ROWS)
    plan = planned(tmp_path, ROWS)
    kinds = ["update_preimage", "update_postimage", "delete"]
    changed = pa.table({"k": [1, 7, 2], "part": ["a", "a", "b"], "_change_type": kinds})
    kept = pa.table({"k": [7, None], "part": ["a", "a"]})
    with MANAGER.transaction(tmp_path) as transaction:
        paths = transaction.snapshot.files()["path"].to_pylist()
        transaction.take_shared_write(plan, plan.write(kept))
        transaction.take_changes(plan.write_changes(changed))
        for path in paths:
            transaction.remove(path)
    expected = sorted(map(repr, changed.to_pylist()))
    ours = Snapshot.load(tmp_path).changes(1).select(changed.column_names)
    assert sorted(map(repr, ours.to_pylist())) == expected
    if mapping == "none":  # delta-rs reads no change feed of mapped columns
        theirs = pa.table(deltalake.DeltaTable(tmp_path).load_cdf(1).read_all()).select(changed.column_names)
        assert sorted(map(repr, theirs.to_pylist())) == expected
    assert rows_of(tmp_path) == Counter(map(repr, kept.to_pylist()))


def test_files_of_changes_go_where_nothing_is_committed(tmp_path: Path) -> None:
    commit(tmp_path, planned(tmp_path, ROWS), ROWS)
    before = sorted(tmp_path.rglob("*.parquet"))
    plan = planned(tmp_path, ROWS)
    transaction = MANAGER.start_transaction(tmp_path)
    transaction.take_changes(plan.write_changes(ROWS.append_column("_change_type", pa.array(["insert"] * 3))))
    assert len(sorted(tmp_path.rglob("*.parquet"))) == len(before) + 1
    MANAGER.rollback_transaction(transaction)
    assert sorted(tmp_path.rglob("*.parquet")) == before
