"""Writers of ours share a table on S3 with delta-spark's S3DynamoDBLogStore: the same entries in DynamoDB.

Moto serves both. The log store is imitated, step by step as io.delta.storage.BaseExternalLogStore has them, for
its jars aren't at hand; delta-rs, which took part in this protocol before its version 1.0, reads the result.
"""

from __future__ import annotations

import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import deltalake
import msgspec
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_s3 import S3Client

from lakehouse.delta_log import TransactionManager
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, Visible
from lakehouse.delta_log.commit_protocols.dynamodb import DynamoDbProtocol
from lakehouse.storage import (
    CHUNK_BYTES,
    AbstractStorageService,
    AlreadyThere,
    Changed,
    Created,
    MemoryStorageService,
    NotFoundError,
    ObjectStat,
    Replaced,
)
from tests.faults.atomic_dynamodb import make_puts_atomic

REGION, BUCKET = "us-east-1", "lake"
URI = f"s3://{BUCKET}/table"


class PlainS3(AbstractStorageService):
    """An S3 store whose writes are unconditional, as delta-spark's are: only DynamoDB decides."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    def read(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=BUCKET, Key=f"table/{key}")["Body"].read()
        except self._client.exceptions.NoSuchKey:
            raise NotFoundError(store="s3", key=key) from None

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self.read(key)[start : start + length]

    def stat(self, key: str) -> ObjectStat:
        return ObjectStat(key=key, size_bytes=len(self.read(key)), modified_ms=0, etag="")

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"table/{prefix}"
        )
        for page in pages:
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix("table/")
                if key > start_after:
                    yield ObjectStat(key=key, size_bytes=found["Size"], modified_ms=0, etag="")

    def uri(self, key: str = "") -> str:
        return f"{URI}/{key}" if key else URI

    def write(self, key: str, body: bytes) -> ObjectStat:
        self._client.put_object(Bucket=BUCKET, Key=f"table/{key}", Body=body)
        return ObjectStat(key=key, size_bytes=len(body), modified_ms=0, etag="")

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        return Created(stat=self.write(key, body))

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        yield self.read(key)

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        return Replaced(stat=self.write(key, body))

    def copy(self, source: str, target: str) -> ObjectStat:
        return self.write(target, self.read(source))

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=f"table/{key}")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    make_puts_atomic(monkeypatch)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"")
    yield endpoint
    server.stop()


def s3(endpoint: str) -> S3Client:
    return boto3.client("s3", region_name=REGION, endpoint_url=endpoint)


def dynamodb(endpoint: str) -> DynamoDBClient:
    return boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint)


@pytest.fixture
def manager(cloud: str) -> TransactionManager:
    s3(cloud).create_bucket(Bucket=BUCKET)
    dynamodb(cloud).create_table(
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
    return new_manager(cloud)


def new_manager(endpoint: str) -> TransactionManager:
    storage = PlainS3(s3(endpoint))
    protocol = DynamoDbProtocol(storage, table_path=URI, client=dynamodb(endpoint))
    return TransactionManager(storage=storage, protocol=protocol)


def read_by_delta_rs(endpoint: str) -> deltalake.DeltaTable:
    options = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ALLOW_HTTP": "true",
    }
    return deltalake.DeltaTable(URI, storage_options=options)


class ImitatedLogStore:
    """``write`` of delta-spark's log store, for one version."""

    def __init__(self, endpoint: str) -> None:
        self._s3, self._dynamodb = s3(endpoint), dynamodb(endpoint)

    def write(self, version: int, body: bytes) -> bool:
        name = f"{version:020d}.json"
        if self._exists(name):
            return False
        before = self._entry(f"{version - 1:020d}.json")
        if before is not None and before["complete"]["S"] == "false":
            self._finish(before)
        elif not self._exists(f"{version - 1:020d}.json"):
            raise LookupError(version - 1)
        entry = {
            "tablePath": {"S": URI},
            "fileName": {"S": name},
            "tempPath": {"S": f".tmp/{name}.{uuid.uuid4()}"},
            "complete": {"S": "false"},
        }
        self._put(entry["tempPath"]["S"], body)
        try:
            self._dynamodb.put_item(
                TableName="delta_log", Item=entry, ConditionExpression="attribute_not_exists(fileName)"
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        self._finish(entry)
        return True

    def append(self, n: int, version: int) -> int:
        """Try versions from ``version`` on until one is free, and return it."""
        file = {"path": f"spark-{n}.parquet", "partitionValues": {}, "size": 1, "modificationTime": 0}
        info = {"isBlindAppend": True, "txnId": f"spark-{n}"}
        lines = [{"commitInfo": info}, {"add": {**file, "dataChange": True}}]
        body = msgspec.json.Encoder().encode_lines(lines)
        while True:
            try:
                if self.write(version, body):
                    return version
                version += 1
            except LookupError:
                version -= 1

    def _finish(self, entry: dict[str, Any]) -> None:
        name, temporary = entry["fileName"]["S"], entry["tempPath"]["S"]
        if not self._exists(name):
            found = self._s3.get_object(Bucket=BUCKET, Key=f"table/_delta_log/{temporary}")
            self._put(name, found["Body"].read())
        expires = {"N": str(int(time.time()) + 86_400)}
        done = {**entry, "complete": {"S": "true"}, "expireTime": expires}
        self._dynamodb.put_item(TableName="delta_log", Item=done)

    def _entry(self, name: str) -> dict[str, Any] | None:
        key = {"tablePath": {"S": URI}, "fileName": {"S": name}}
        return self._dynamodb.get_item(TableName="delta_log", Key=key, ConsistentRead=True).get("Item")

    def _exists(self, name: str) -> bool:
        return bool(
            self._s3.list_objects_v2(Bucket=BUCKET, Prefix=f"table/_delta_log/{name}").get("Contents")
        )

    def _put(self, name: str, body: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=f"table/_delta_log/{name}", Body=body)


def rows(n: int) -> pa.Table:
    return pa.table({"n": pa.array([n], pa.int64())})


def test_both_append_at_once_and_lose_nothing(cloud: str, manager: TransactionManager) -> None:
    with manager.transaction(URI) as transaction:
        transaction.append(rows(0))
    theirs_acknowledged: dict[str, int] = {}
    ours_acknowledged: dict[str, int] = {}

    def theirs() -> None:
        store, version = ImitatedLogStore(cloud), 1
        for n in range(6):
            version = store.append(n, version)
            theirs_acknowledged[f"spark-{n}"] = version

    def ours(first: int) -> None:
        own = new_manager(cloud)
        for n in range(first, first + 6):
            transaction = own.start_transaction(URI)
            transaction.append(rows(n))
            ours_acknowledged[transaction.transaction_id] = own.commit_transaction(transaction)

    threads = [
        threading.Thread(target=theirs),
        *(threading.Thread(target=ours, args=(n,)) for n in (100, 200)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acknowledged = {**theirs_acknowledged, **ours_acknowledged}
    assert len(acknowledged) == 18
    for name, version in acknowledged.items():
        body = PlainS3(s3(cloud)).read(f"_delta_log/{version:020d}.json")
        assert msgspec.json.decode(body.splitlines()[0])["commitInfo"]["txnId"] == name
    assert read_by_delta_rs(cloud).version() == 18
    assert len(read_by_delta_rs(cloud).file_uris()) == 19
    items = dynamodb(cloud).scan(TableName="delta_log")["Items"]
    assert {item["complete"]["S"] for item in items} == {"true"}
    assert {item["tablePath"]["S"] for item in items} == {URI}


def test_a_commit_whose_writer_died_after_the_entry_is_finished_by_the_next(
    cloud: str, manager: TransactionManager
) -> None:
    with manager.transaction(URI) as transaction:
        transaction.append(rows(0))
    dying = s3(cloud)
    name = f"{1:020d}.json"
    dying.put_object(Bucket=BUCKET, Key=f"table/_delta_log/.tmp/{name}.x", Body=b'{"commitInfo":{}}\n')
    dynamodb(cloud).put_item(
        TableName="delta_log",
        Item={
            "tablePath": {"S": URI},
            "fileName": {"S": name},
            "tempPath": {"S": f".tmp/{name}.x"},
            "complete": {"S": "false"},
        },
    )
    with manager.transaction(URI) as transaction:
        transaction.append(rows(2))
    assert PlainS3(dying).read(f"_delta_log/{name}") == b'{"commitInfo":{}}\n'
    assert read_by_delta_rs(cloud).version() == 2


def test_the_entry_decides_and_not_the_file(cloud: str, manager: TransactionManager) -> None:
    storage = MemoryStorageService()
    protocol = DynamoDbProtocol(storage, table_path=URI, client=dynamodb(cloud))
    first, second = (Commit(actions=[], transaction_id=name) for name in "ab")
    assert protocol.publish(0, first) == Visible(version=0)
    storage.delete(f"_delta_log/{0:020d}.json")
    assert protocol.publish(0, second) == AlreadyTaken(version=0)
    assert storage.exists(f"_delta_log/{0:020d}.json")
    # The temporary that lost is gone; the one that the entry names stays, as delta-spark leaves it.
    assert len(list(storage.list("_delta_log/.tmp/"))) == 1
