"""Two attempts at the same piece of work, at the same time: one commits it, and the other finds it done."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import (
    DeltaConcurrentModificationException,
    Snapshot,
    Transaction,
    TransactionManager,
    col,
)
from lakehouse.tables import AlreadyPublished, Published, TableLog, TransactionId, adopting, delete_rows
from lakehouse.tables.adopting import committed_once

PIECE = TransactionId(application="app", number=0)
OTHER = TransactionId(application="other", number=0)
ROWS = pa.table({"n": [1]})


def fill(transaction: Transaction) -> bool:
    transaction.append(ROWS)
    return True


def test_the_second_of_two_attempts_that_would_make_the_table_finds_it_made(tmp_path: Path) -> None:
    def fill_behind_the_other(transaction: Transaction) -> bool:
        assert committed_once(TableLog(str(tmp_path)), PIECE, "append to", fill) == Published(version=0)
        return fill(transaction)

    published = committed_once(TableLog(str(tmp_path)), PIECE, "append to", fill_behind_the_other)
    assert published == AlreadyPublished(version=0)
    assert Snapshot.load(tmp_path).to_arrow().num_rows == 1


def test_rows_that_another_attempt_deletes_meanwhile_are_no_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Behind(TransactionManager):
        """Commits its first transaction behind another one."""

        def commit_transaction(self, transaction: Transaction) -> int:
            monkeypatch.setattr(adopting, "_MANAGER", TransactionManager())
            delete_rows(TableLog(str(tmp_path)), col("n") == 1)
            return super().commit_transaction(transaction)

    committed_once(TableLog(str(tmp_path)), PIECE, "append to", fill)
    monkeypatch.setattr(adopting, "_MANAGER", Behind())
    delete_rows(TableLog(str(tmp_path)), col("n") == 1)
    assert Snapshot.load(tmp_path).to_arrow().num_rows == 0


def test_a_piece_that_finds_the_table_made_by_other_work_says_so(tmp_path: Path) -> None:
    def fill_behind_another(transaction: Transaction) -> bool:
        committed_once(TableLog(str(tmp_path)), OTHER, "append to", fill)
        return fill(transaction)

    with pytest.raises(DeltaConcurrentModificationException):
        committed_once(TableLog(str(tmp_path)), PIECE, "append to", fill_behind_another)
