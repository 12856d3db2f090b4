"""Objects that others named as no portable program would: they must not hide what lies beside them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import boto3
import pyarrow as pa
import pytest
from storage_servers import ACCOUNT, PLACE, Server, request, signed_for_azure

from lakehouse.delta_log import TransactionManager, vacuum
from lakehouse.ingestion import landing_zone
from lakehouse.storage import (
    ADLSStorageService,
    InvalidKeyError,
    NotFoundError,
    ObjectChangedError,
    S3StorageService,
    UnnameableKeyError,
    async_twin,
)

WITH_A_SEGMENT_THAT_NO_PATH_HAS = ["a//x", "b/./x", "d/../x", "/x"]
WITH_A_CONTROL_CHARACTER = ["c/x\ty", "h/\x01x", "u/x\x7f"]


@pytest.fixture
def bucket(s3_server: Server) -> Any:
    return boto3.resource("s3", endpoint_url=s3_server.endpoint).Bucket(PLACE)


@pytest.fixture
def prefix() -> str:
    return f"p-{uuid.uuid4().hex}"


@pytest.fixture
def put(bucket: Any, prefix: str) -> Callable[[str, bytes], None]:
    """Give an object a key below the prefix, as a program of somebody else's does."""
    return lambda key, body: bucket.put_object(Key=f"{prefix}/{key}", Body=body)


@pytest.fixture
def store(s3_server: Server, prefix: str) -> S3StorageService:
    return S3StorageService(PLACE, prefix=prefix, endpoint=s3_server.endpoint)


def test_every_key_of_s3_is_listed_whatever_it_is(
    store: S3StorageService, put: Callable[[str, bytes], None]
) -> None:
    keys = ["ok", "t/ok", *WITH_A_SEGMENT_THAT_NO_PATH_HAS, *WITH_A_CONTROL_CHARACTER, "empty//", "none//y"]
    for key in keys:
        put(key, b"" if key == "none//y" else b"12345")
    listed = {stat.key: stat for stat in store.list()}
    assert list(listed) == sorted(keys)
    assert (listed["a//x"].size_bytes, listed["none//y"].size_bytes) == (5, 0)
    usual = store.stat("ok")
    assert (listed["ok"].etag, listed["ok"].modified_ms) == (usual.etag, usual.modified_ms)
    assert [stat.key for stat in store.list("c/")] == ["c/x\ty"]
    assert [stat.key for stat in store.list("", start_after="d")] == sorted(key for key in keys if key > "d")

    async def later() -> list[str]:
        return [stat.key async for stat in async_twin(store).list()]

    assert asyncio.run(later()) == sorted(keys)


@pytest.mark.parametrize("key", WITH_A_CONTROL_CHARACTER)
def test_an_object_with_a_control_character_in_its_key_is_read_and_removed(
    store: S3StorageService, put: Callable[[str, bytes], None], key: str
) -> None:
    put(key, b"0123456789")
    assert store.read(key) == b"0123456789"
    assert store.read_range(key, 7, 5) == b"789"
    assert store.read_range(key, 20, 5) == b""
    parts = store.stream(key, chunk_bytes=4)
    assert next(parts) == b"0123"
    put(key, b"9876543210")
    with pytest.raises(ObjectChangedError):
        next(parts)
    assert store.stat(key).size_bytes == 10

    async def later() -> tuple[bytes, int]:
        twin = async_twin(store)
        found = await twin.read(key), (await twin.stat(key)).size_bytes
        await twin.delete(key)
        return found

    assert asyncio.run(later()) == (b"9876543210", 10)
    assert not store.exists(key)
    with pytest.raises(NotFoundError):
        store.read(key)
    store.delete(key)


@pytest.mark.parametrize("key", WITH_A_SEGMENT_THAT_NO_PATH_HAS)
def test_a_key_that_spark_can_not_name_is_listed_and_refused(
    store: S3StorageService, put: Callable[[str, bytes], None], key: str
) -> None:
    put(key, b"x")
    assert [stat.key for stat in store.list()] == [key]
    with pytest.raises(InvalidKeyError, match="Fix:"):
        store.read(key)


def test_a_file_that_spark_can_not_name_is_a_fault_of_its_own_in_a_landing_zone(
    store: S3StorageService,
    s3_server: Server,
    put: Callable[[str, bytes], None],
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    put("day/a.csv", b"id\n1\n")
    put("/b.csv", b"id\n2\n")
    files = {
        file.path.rpartition("/")[2]: file for file in landing_zone(f"s3://{PLACE}/{prefix}/*/*.csv").files()
    }
    assert files["a.csv"].fault is None
    assert files["b.csv"].fault == "Spark can't name it: its key has an empty, '.' or '..' segment"


def test_vacuum_goes_on_beside_odd_keys(
    store: S3StorageService,
    s3_server: Server,
    put: Callable[[str, bytes], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    with TransactionManager().transaction(store.uri().replace("s3a:", "s3:")) as transaction:
        transaction.append(pa.table({"x": [1]}))
    for key in ("a//x.parquet", "b\tx.parquet", "old.parquet"):
        put(key, b"x")
    vacuumed = vacuum(store, dry_run=False, retention_hours=0, allow_short_retention=True, now_ms=2**42)
    assert sorted(vacuumed.keys) == ["b\tx.parquet", "old.parquet"]
    assert list(vacuumed.failed) == ["a//x.parquet"]


def test_on_azure_the_error_names_the_object(azure_server: Server, prefix: str) -> None:
    store = ADLSStorageService(PLACE, account=ACCOUNT, prefix=prefix, endpoint=azure_server.endpoint)
    store.write("ok", b"x")
    path = quote(f"/{ACCOUNT}/{PLACE}/{prefix}/a//x")
    request(azure_server.port, "PUT", path, signed_for_azure(path, **{"x-ms-blob-type": "BlockBlob"}))
    with pytest.raises(UnnameableKeyError, match=f"'{prefix}/a//x'.*Fix: rename or delete"):
        list(store.list())
    with pytest.raises(UnnameableKeyError, match="Fix:"):
        store.read("a\tb")
