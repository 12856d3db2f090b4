"""The store's answer to a commit was lost: whether the commit is there is looked up, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from lakehouse.delta_log import CommitInfo, TransactionManager
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, HardLinkProtocol, Visible
from lakehouse.delta_log.errors import CommitOutcomeUnknownError
from lakehouse.delta_log.transaction import Backoff
from lakehouse.errors import StorageError

Event = Callable[["LossyProtocol", int, Commit], None]


@dataclass
class LossyProtocol:
    """Does what is scripted for each try, and then gives no answer; after the script it works."""

    inner: HardLinkProtocol
    script: list[Event]
    is_away: bool = False
    delayed: list[tuple[int, Commit]] = field(default_factory=list)

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        if self.script:
            self.script.pop(0)(self, version, commit)
            raise StorageError("the answer was lost.", fix="ask again.")
        for late in self.delayed:
            self.inner.publish(*late)
        self.delayed = []
        return self.inner.publish(version, commit)

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        if self.is_away:
            raise StorageError("there is no answer at all.", fix="wait.")
        return self.inner.read_from(version, at_most=at_most)

    def has(self, version: int) -> bool:
        return self.inner.has(version)


def arrives(protocol: LossyProtocol, version: int, commit: Commit) -> None:
    protocol.inner.publish(version, commit)


def is_lost(protocol: LossyProtocol, version: int, commit: Commit) -> None:
    """Nothing reaches the store."""


def arrives_late(protocol: LossyProtocol, version: int, commit: Commit) -> None:
    """The store gets it when the next try is on its way."""
    protocol.delayed.append((version, commit))


def meets_another(protocol: LossyProtocol, version: int, commit: Commit) -> None:
    """Another writer has just taken the version."""
    info = CommitInfo(transaction_id="another's", is_blind_append=True)
    protocol.inner.publish(version, Commit(actions=[info], transaction_id="another's"))


def stops_answering(protocol: LossyProtocol, version: int, commit: Commit) -> None:
    protocol.inner.publish(version, commit)
    protocol.is_away = True


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table"
    with TransactionManager().transaction(path) as transaction:
        transaction.append(pa.table({"id": [0]}))
    return path


def append(table: Path, *script: Event) -> int:
    protocol = LossyProtocol(HardLinkProtocol(table, guard=None), list(script))
    manager = TransactionManager(protocol=protocol, backoff=Backoff(budget_seconds=0.3))
    transaction = manager.start_transaction(table)
    transaction.append(pa.table({"id": [1]}))
    try:
        return manager.commit_transaction(transaction)
    except CommitOutcomeUnknownError:
        manager.rollback_transaction(transaction)
        raise


def versions(table: Path) -> int:
    return len(list((table / "_delta_log").glob("0*.json")))


def ids(table: Path) -> list[int]:
    """The table's ids as delta-rs reads them."""
    return sorted(deltalake.DeltaTable(table).to_pyarrow_table()["id"].to_pylist())


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ([arrives], 1),
        ([is_lost], 1),
        ([is_lost, is_lost, arrives], 1),
        ([arrives, *[is_lost] * 1_000], 1),
        ([arrives_late], 1),
        ([meets_another], 2),
        ([meets_another, arrives], 2),
        ([is_lost, meets_another, is_lost], 2),
    ],
    ids=lambda value: " ".join(event.__name__ for event in value[:3]) if isinstance(value, list) else "",
)
def test_a_commit_is_made_once_and_its_version_is_the_true_one(
    table: Path, script: list[Event], version: int
) -> None:
    assert append(table, *script) == version
    assert versions(table) == version + 1
    assert ids(table) == [0, 1]


def test_rows_of_an_unknown_outcome_are_kept(table: Path) -> None:
    with pytest.raises(CommitOutcomeUnknownError, match="Fix: "):
        append(table, stops_answering)
    assert ids(table) == [0, 1]
