"""What every way of publishing a version promises; each of them runs all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakehouse.delta_log import CommitInfo, SetTransaction
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import (
    AlreadyTaken,
    CommitProtocol,
    HardLinkProtocol,
    PutIfAbsentProtocol,
    RenameProtocol,
    SparkGuard,
    Visible,
)
from lakehouse.delta_log.commit_protocols.dynamodb import DynamoDbProtocol
from lakehouse.delta_log.commit_protocols.foreign_temporaries import ScannedTemporaries
from lakehouse.storage import LocalStorageService, MemoryStorageService
from tests.faults.atomic_dynamodb import make_puts_atomic


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    make_puts_atomic(monkeypatch)
    with mock_aws():
        boto3.client("dynamodb", region_name="us-east-1").create_table(
            TableName="delta_log",
            KeySchema=[
                {"AttributeName": "tablePath", "KeyType": "HASH"},
                {"AttributeName": "fileName", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "tablePath", "AttributeType": "S"},
                {"AttributeName": "fileName", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


def _dynamodb(folder: Path) -> DynamoDbProtocol:
    client = boto3.client("dynamodb", region_name="us-east-1")
    return DynamoDbProtocol(LocalStorageService(folder), table_path="s3a://bucket/table", client=client)


def _scanning(folder: Path) -> SparkGuard:
    return SparkGuard(folder / "_delta_log", temporaries=ScannedTemporaries(folder / "_delta_log"))


PROTOCOLS: dict[str, Callable[[Path], CommitProtocol]] = {
    "hard link": lambda folder: HardLinkProtocol(folder, guard=None),
    "hard link, durable": lambda folder: HardLinkProtocol(folder, guard=None, durable=True),
    "hard link, guarded": lambda folder: HardLinkProtocol(folder, guard=SparkGuard(folder / "_delta_log")),
    "hard link, guarded by scans": lambda folder: HardLinkProtocol(folder, guard=_scanning(folder)),
    "rename": lambda folder: RenameProtocol(folder, guard=None),
    "rename, guarded": lambda folder: RenameProtocol(folder, guard=SparkGuard(folder / "_delta_log")),
    "put if absent, local": lambda folder: PutIfAbsentProtocol(LocalStorageService(folder)),
    "put if absent, memory": lambda folder: PutIfAbsentProtocol(MemoryStorageService()),
    "DynamoDB": _dynamodb,
}


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest, tmp_path: Path, entries: None) -> CommitProtocol:
    (tmp_path / "_delta_log").mkdir()
    return PROTOCOLS[request.param](tmp_path)


def commit(name: str) -> Commit:
    info = CommitInfo(transaction_id=name)
    return Commit(actions=[info, SetTransaction(application_id=name, version=1)], transaction_id=name)


def test_a_commit_is_read_back_as_it_was_written(protocol: CommitProtocol) -> None:
    assert protocol.publish(0, commit("a")) == Visible(version=0)
    assert list(protocol.read_from(0)) == [commit("a").body]


def test_the_second_writer_of_a_version_gets_a_value_and_leaves_nothing(protocol: CommitProtocol) -> None:
    protocol.publish(0, commit("a"))
    assert protocol.publish(0, commit("b")) == AlreadyTaken(version=0)
    assert list(protocol.read_from(0)) == [commit("a").body]


def test_commits_are_read_in_order_up_to_the_first_missing_one(protocol: CommitProtocol) -> None:
    for version, name in enumerate("abcd"):
        protocol.publish(version, commit(name))
    assert list(protocol.read_from(1)) == [commit(name).body for name in "bcd"]
    assert list(protocol.read_from(1, at_most=2)) == [commit(name).body for name in "bc"]
    assert list(protocol.read_from(4)) == []


def test_of_eight_writers_exactly_one_gets_each_version(protocol: CommitProtocol) -> None:
    for version in range(15):
        outcomes: dict[str, Visible | AlreadyTaken] = {}
        barrier = threading.Barrier(8)

        def publish(name: str, version: int = version, outcomes: dict = outcomes, barrier=barrier) -> None:
            barrier.wait()
            outcomes[name] = protocol.publish(version, commit(name))

        threads = [threading.Thread(target=publish, args=(f"{version}-{writer}",)) for writer in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [name for name, outcome in outcomes.items() if isinstance(outcome, Visible)]
        assert len(outcomes) == 8
        assert [commit(name).body for name in winners] == list(protocol.read_from(version))


@pytest.mark.parametrize("kind", ["hard link", "hard link, durable", "rename, guarded"])
def test_only_the_commits_stay_in_the_folder(kind: str, tmp_path: Path) -> None:
    (tmp_path / "_delta_log").mkdir()
    protocol = PROTOCOLS[kind](tmp_path)
    for name in "ab":
        protocol.publish(0, commit(name))
    assert [file.name for file in (tmp_path / "_delta_log").iterdir()] == [f"{0:020d}.json"]
