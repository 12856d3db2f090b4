"""Files that workers wrote stay where their commit may be in the log, and go where it surely is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import deltalake
import pyarrow as pa
import pytest
from pyspark.sql.types import LongType, StructField, StructType

from lakehouse.delta_log import (
    CommitOutcomeUnknownError,
    DefinitionChangedError,
    SharedWrite,
    TransactionManager,
    WrittenFile,
)
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, HardLinkProtocol, Visible
from lakehouse.delta_log.schema import delta_schema
from lakehouse.delta_log.transaction import Backoff
from lakehouse.errors import StorageError
from lakehouse.tables import (
    AlreadyPublished,
    ArrowTable,
    Published,
    TableWriteError,
    TransactionId,
    adopting,
    arrow_table,
    data_source,
)

ROWS = pa.table({"id": [1]})
FRAME = SimpleNamespace(schema=StructType([StructField("id", LongType())]))
PIECE = TransactionId(application="test", number=1)


@dataclass
class SilentProtocol:
    """Takes a commit, and never answers from then on."""

    inner: HardLinkProtocol
    is_away: bool = False

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        self.inner.publish(version, commit)
        self.is_away = True
        raise StorageError("the answer was lost.", fix="ask again.")

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        if self.is_away:
            raise StorageError("there is no answer at all.", fix="wait.")
        return self.inner.read_from(version, at_most=at_most)

    def has(self, version: int) -> bool:
        return self.inner.has(version)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table"
    with TransactionManager().transaction(path) as transaction:
        transaction.append(pa.table({"id": [0]}))
    return path


def silent(table: Path) -> TransactionManager:
    protocol = SilentProtocol(HardLinkProtocol(table, guard=None))
    return TransactionManager(protocol=protocol, backoff=Backoff(budget_seconds=0.2))


def writing(*meanwhile: Callable[[], None]) -> Callable[[object, SharedWrite], Sequence[WrittenFile]]:
    """Return what writes ROWS as tasks of Spark would, while each of ``meanwhile`` happens once."""
    left = list(meanwhile)

    def write(rows: object, plan: SharedWrite) -> Sequence[WrittenFile]:
        files = plan.write(ROWS)
        if left:
            left.pop(0)()
        return files

    return write


def ids(table: Path) -> list[int]:
    return sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist())


def test_the_engine_keeps_the_files_of_a_commit_whose_answer_was_lost(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_table, "write_files", writing())
    with monkeypatch.context() as lost:
        lost.setattr(adopting, "_MANAGER", silent(table))
        with pytest.raises(TableWriteError):
            ArrowTable(None, str(table)).append(FRAME, transaction=PIECE)
    assert ids(table) == [0, 1]
    again = ArrowTable(None, str(table)).append(FRAME, transaction=PIECE)
    assert isinstance(again, AlreadyPublished)
    assert ids(table) == [0, 1]


def test_the_engine_writes_again_where_the_table_is_defined_otherwise_meanwhile(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alter() -> None:
        with TransactionManager().transaction(table) as transaction:
            transaction.set_properties({"delta.appendOnly": "true"})

    monkeypatch.setattr(arrow_table, "write_files", writing(alter))
    published = ArrowTable(None, str(table)).append(FRAME, transaction=PIECE)
    assert published == Published(version=2)
    assert ids(table) == [0, 1]
    assert len(list(table.glob("*.parquet"))) == 2


def planned(table: Path) -> SharedWrite:
    manager = TransactionManager()
    transaction = manager.start_transaction(table)
    plan = transaction.plan_shared_write(delta_schema(ROWS.schema, table=str(table)))
    manager.rollback_transaction(transaction)
    return plan


def test_the_data_source_keeps_the_files_of_a_commit_whose_answer_was_lost(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = data_source._Writer(planned(table), None)
    messages = [writer.write(iter(ROWS.to_batches()))]
    monkeypatch.setattr(data_source, "TransactionManager", lambda **_: silent(table))
    with pytest.raises(CommitOutcomeUnknownError):
        writer.commit(messages)
    writer.abort(messages)  # as Spark does after it
    assert ids(table) == [0, 1]


def test_the_data_source_deletes_what_was_written_where_nothing_is_committed(table: Path) -> None:
    before = set(table.glob("*.parquet"))
    writer = data_source._Writer(planned(table), None)
    messages = [writer.write(iter(ROWS.to_batches()))]
    writer.abort([*messages, None])  # a task failed
    assert set(table.glob("*.parquet")) == before
    messages = [writer.write(iter(ROWS.to_batches()))]
    with TransactionManager().transaction(table) as transaction:
        transaction.set_properties({"delta.appendOnly": "true"})
    with pytest.raises(DefinitionChangedError):
        writer.commit(messages)
    writer.abort(messages)
    assert set(table.glob("*.parquet")) == before
