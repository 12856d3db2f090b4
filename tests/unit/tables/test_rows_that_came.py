"""How many rows came with some versions of a table, by its log alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from lakehouse.delta_log import AddFile, DeletionVectorDescriptor, Snapshot, TransactionManager
from lakehouse.tables import TableLog

MANAGER = TransactionManager()


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


@pytest.mark.parametrize(
    "lacking",
    [
        {"stats": None},
        {
            "deletion_vector": DeletionVectorDescriptor(
                storage_type="u",
                path_or_inline="ab^-aqEH.-t@S}K{vb[*k^",
                offset=1,
                size_bytes=36,
                cardinality=1,
            )
        },
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
