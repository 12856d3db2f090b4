"""Comments of a table and of its columns are what another engine reads, and stay when its rows are replaced."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.delta_log import IncompatibleRowsError, TransactionManager

ROWS = pa.table({"id": [1, 2], "day": ["a", "b"]})
MANAGER = TransactionManager()


@pytest.fixture
def table(tmp_path: Path) -> str:
    transaction = MANAGER.start_transaction(str(tmp_path / "table"))
    transaction.create(ROWS.schema, description="first")
    transaction.append(ROWS)
    MANAGER.commit_transaction(transaction)
    return str(tmp_path / "table")


def comments(table: str) -> tuple[str | None, dict[str, object]]:
    read = DeltaTable(table)
    return read.metadata().description, {
        each.name: each.metadata.get("comment") for each in read.schema().fields
    }


def describe(table: str, **given: object) -> int:
    transaction = MANAGER.start_transaction(table)
    transaction.describe(**given)  # type: ignore[arg-type]
    return MANAGER.commit_transaction(transaction)


def test_another_engine_reads_the_comments_and_the_rows_stay(table: str) -> None:
    describe(table, comment="sales", columns={"day": "of the sale"})
    assert comments(table) == ("sales", {"id": None, "day": "of the sale"})
    describe(table, columns={"id": "a key"})
    assert comments(table) == ("sales", {"id": "a key", "day": "of the sale"})
    assert DeltaTable(table).to_pyarrow_table().num_rows == 2


def test_comments_and_properties_are_set_in_one_commit(table: str) -> None:
    transaction = MANAGER.start_transaction(table)
    transaction.describe(comment="sales")
    transaction.set_properties({"owner": "ann"})
    version = MANAGER.commit_transaction(transaction)
    read = DeltaTable(table)
    assert (read.version(), read.metadata().description) == (version, "sales")
    assert read.metadata().configuration["owner"] == "ann"


def test_a_replaced_table_keeps_the_comments_of_columns_that_stay(table: str) -> None:
    describe(table, columns={"id": "a key", "day": "of the sale"})
    transaction = MANAGER.start_transaction(table)
    transaction.overwrite(pa.table({"day": ["c"], "units": [5]}), replace_schema=True)
    MANAGER.commit_transaction(transaction)
    assert comments(table) == ("first", {"day": "of the sale", "units": None})


def test_an_unknown_column_is_refused(table: str) -> None:
    with pytest.raises(IncompatibleRowsError, match="no column 'dya' to describe"):
        describe(table, columns={"dya": "typo"})
