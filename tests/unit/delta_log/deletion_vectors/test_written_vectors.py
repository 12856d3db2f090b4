"""Deletion vectors that are written: an independent library and delta-rs read them."""

from __future__ import annotations

import random
from pathlib import Path

import deltalake
import numpy as np
import pyarrow as pa
import pytest
from pyroaring import BitMap64

from lakehouse.delta_log import (
    Snapshot,
    TransactionManager,
    UnenforceableRuleError,
    WrittenVector,
    table_storage,
    write_deletion_vector,
)
from lakehouse.delta_log.deletion_vectors import (
    decode_roaring_array,
    encode_roaring_array,
    read_deletion_vector,
)

MANAGER = TransactionManager(spark_writers=False)
ON = {"delta.enableDeletionVectors": "true"}


def sets() -> list[list[int]]:
    drawn = random.Random(7)
    few = sorted(drawn.sample(range(2**34), 50))
    return [[], [0], [65_535, 65_536], [2**32 - 1, 2**32, 2**33], [*range(4_096)], [*range(4_097)], few] + [
        sorted(drawn.sample(range(300_000), count)) for count in (10, 5_000, 100_000)
    ]


@pytest.mark.parametrize("numbers", sets(), ids=lambda numbers: str(len(numbers)))
def test_a_set_is_read_by_roaring_and_by_us(numbers: list[int]) -> None:
    body = encode_roaring_array(np.array(numbers, dtype=np.uint64))
    assert body[:4] == (1681511377).to_bytes(4, "little")
    assert BitMap64.deserialize(body[4:]) == BitMap64(numbers)
    assert list(decode_roaring_array(body)) == numbers


def table_of(path: Path, count: int, **properties: str) -> str:
    """Create a table of one file, and return the file's path."""
    with MANAGER.transaction(path) as transaction:
        transaction.create(pa.schema([("k", pa.int64())]), properties=properties)
        transaction.append(pa.table({"k": range(count)}))
    return str(Snapshot.load(path).files()["path"][0].as_py())


def vector_of(path: Path, file: str, deleted: list[int]) -> WrittenVector | None:
    snapshot = Snapshot.load(path)
    held = dict(
        zip(snapshot.files()["path"].to_pylist(), snapshot.files()["deletionVector"].to_pylist(), strict=True)
    )
    before = None if held[file] is None else vector_in_log(path)
    return write_deletion_vector(table_storage(str(path)), file, deleted, before=before, row_count=10)


def vector_in_log(path: Path):
    snapshot = Snapshot.load(path)
    return next(
        action.deletion_vector
        for action in snapshot.actions_of(snapshot.version)
        if getattr(action, "deletion_vector", None) is not None and hasattr(action, "modified_ms")
    )


def by_delta_rs(path: Path) -> list[int]:
    found = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(path)).execute("SELECT k FROM t")
    return sorted(row["k"] for row in pa.table(found.read_all()).to_pylist())


def test_rows_are_taken_out_twice_and_delta_rs_reads_what_is_left(tmp_path: Path) -> None:
    file = table_of(tmp_path, 10, **ON)
    for deleted in ([1, 8], [2, 8]):
        vector = vector_of(tmp_path, file, deleted)
        assert vector is not None
        with MANAGER.transaction(tmp_path) as transaction:
            transaction.take_vectors([vector])
    left = [0, 3, 4, 5, 6, 7, 9]
    assert by_delta_rs(tmp_path) == left
    snapshot = Snapshot.load(tmp_path)
    assert sorted(snapshot.to_arrow()["k"].to_pylist()) == left
    assert list(read_deletion_vector(table_storage(str(tmp_path)), vector_in_log(tmp_path))) == [1, 2, 8]
    gone = [row["k"] for row in snapshot.changes(2, 2).to_pylist()]
    assert gone == [2], "the second vector took one more row"
    assert len(snapshot.files()) == 1
    assert '"tightBounds":false' in snapshot.files()["stats"][0].as_py()


def test_a_file_without_a_row_left_gets_no_vector(tmp_path: Path) -> None:
    file = table_of(tmp_path, 10, **ON)
    assert vector_of(tmp_path, file, list(range(10))) is None
    assert not list(tmp_path.glob("*.bin"))


def test_a_table_that_does_not_allow_vectors_gets_none(tmp_path: Path) -> None:
    file = table_of(tmp_path, 10)
    vector = vector_of(tmp_path, file, [1])
    assert vector is not None
    with (
        pytest.raises(UnenforceableRuleError, match=r"delta\.enableDeletionVectors is not 'true'"),
        MANAGER.transaction(tmp_path) as transaction,
    ):
        transaction.take_vectors([vector])
    assert Snapshot.load(tmp_path).version == 0
