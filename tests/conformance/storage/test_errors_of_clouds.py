"""What goes wrong between a service and a real server comes out as an error of ours, in bounded time."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_proxy import Fault, FaultProxy
from storage_servers import ACCOUNT, ACCOUNT_KEY, PLACE, S3_ENVIRONMENT, Server, free_port

from lakehouse.errors import StorageError
from lakehouse.storage import (
    AccessDeniedError,
    ADLSStorageService,
    NoSuchStoreError,
    ObjectStorageService,
    OutcomeUnknownError,
    RetryPolicy,
    S3StorageService,
    ThrottledError,
    UnreachableError,
)

BRIEF = RetryPolicy(
    request_timeout_seconds=0.5, within_seconds=0.2, first_pause_seconds=0.05, longest_pause_seconds=0.1
)
SOON_OVER = RetryPolicy(within_seconds=0.2, first_pause_seconds=0.05, longest_pause_seconds=0.1)
IMPATIENT = RetryPolicy(
    request_timeout_seconds=0.5, within_seconds=20, first_pause_seconds=0.01, longest_pause_seconds=0.1
)
MUCH_LESS_THAN_BY_DEFAULT_SECONDS = 30
"""The bound itself is proved with a clock of the test's own; a busy machine may be slow to get there."""
Cloud = tuple[Server, Callable[..., ObjectStorageService]]
CALLS: dict[str, Callable[[ObjectStorageService], Any]] = {
    "read": lambda store: store.read("key"),
    "read_range": lambda store: store.read_range("key", 0, 1),
    "stream": lambda store: list(store.stream("key")),
    "stat": lambda store: store.stat("key"),
    "list": lambda store: list(store.list()),
    "write": lambda store: store.write("key", b"x"),
    "write in parts": lambda store: store.write("key", iter([b"x"])),
    "copy": lambda store: store.copy("key", "target"),
    "delete": lambda store: store.delete("key"),
}
PUTS: dict[str, Callable[[ObjectStorageService], Any]] = {
    "put_if_absent": lambda store: store.put_if_absent("key", b"x"),
    "replace": lambda store: store.replace("key", b"x", etag="e"),
}


def always(fault: Fault) -> Callable[[str, str], Fault]:
    return lambda method, path: fault


@pytest.mark.parametrize("call", [*CALLS, *PUTS])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.BUSY, ThrottledError),
        (Fault.DENIED, AccessDeniedError),
        (Fault.RESET_BEFORE, UnreachableError),
    ],
)
def test_a_store_that_keeps_failing_is_an_error_with_store_and_key(
    cloud: Cloud, call: str, fault: Fault, error: type[StorageError]
) -> None:
    server, make = cloud
    if call in PUTS and error is UnreachableError:
        error = OutcomeUnknownError
    with (
        FaultProxy(server.port, always(fault)) as proxy,
        pytest.raises(error, match=r"StorageService\('.*'\).*Fix:") as caught,
    ):
        {**CALLS, **PUTS}[call](make(port=proxy.port, retries=SOON_OVER))
    assert caught.value.store == repr(make())
    assert caught.value.key == ("" if call == "list" else "key")


def test_a_store_that_nobody_listens_for_is_unreachable_in_time(cloud: Cloud) -> None:
    _, make = cloud
    started = time.monotonic()
    with pytest.raises(UnreachableError, match=r"(connect|timeout).*Fix: check the endpoint"):
        make(port=free_port(), retries=BRIEF).read("key")
    assert time.monotonic() - started < MUCH_LESS_THAN_BY_DEFAULT_SECONDS


def test_a_store_that_stalls_is_unreachable_in_time(cloud: Cloud) -> None:
    server, make = cloud
    with FaultProxy(server.port, always(Fault.STALL)) as proxy:
        started = time.monotonic()
        with pytest.raises(UnreachableError, match="timeout"):
            make(port=proxy.port, retries=BRIEF).read("key")
        assert time.monotonic() - started < MUCH_LESS_THAN_BY_DEFAULT_SECONDS


@pytest.mark.parametrize("call", ["read", "list", "write", "put_if_absent"])
@pytest.mark.parametrize("kind", ["s3", "adls"])
def test_a_bucket_or_container_that_is_not_there_is_an_error_of_its_own(
    request: pytest.FixtureRequest, kind: str, call: str
) -> None:
    if kind == "s3":
        endpoint = request.getfixturevalue("s3_server").endpoint
        store: ObjectStorageService = S3StorageService("no-such-place", endpoint=endpoint)
    else:
        endpoint = request.getfixturevalue("azure_server").endpoint
        store = ADLSStorageService("no-such-place", account=ACCOUNT, endpoint=endpoint)
    with pytest.raises(NoSuchStoreError, match=r"no-such-place.*does not exist.*Fix: create"):
        {**CALLS, **PUTS}[call](store)


def test_a_wrong_key_is_an_access_error(
    azure_server: Server, monkeypatch: pytest.MonkeyPatch, s3_server: Server
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmcga2V5")
    store = ADLSStorageService(PLACE, account=ACCOUNT, endpoint=azure_server.endpoint)
    with pytest.raises(AccessDeniedError, match=r"refused to read 'key' \(HTTP 403"):
        store.read("key")


def spoiling_each_request_first(fault: Fault, times: int = 1) -> Callable[[str, str], Fault]:
    """Spoil the first exchanges of each method and path, then none; only writes meet conflicts."""
    seen: dict[tuple[str, str], int] = {}

    def choose(method: str, path: str) -> Fault:
        if fault is Fault.CONFLICT and method != "PUT":
            return Fault.NONE
        seen[method, path] = seen.get((method, path), 0) + 1
        return fault if seen[method, path] <= times else Fault.NONE

    return choose


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.CONFLICT, Fault.RESET_AFTER, Fault.HALF, Fault.STALL])
def test_every_call_gets_through_a_network_that_spoils_each_first_try(cloud: Cloud, fault: Fault) -> None:
    server, make = cloud
    body = os.urandom(50_000)
    with FaultProxy(server.port, spoiling_each_request_first(fault)) as proxy:
        store = make(port=proxy.port, retries=IMPATIENT)
        store.write("folder/key", body)
        assert store.read("folder/key") == body
        assert store.read_range("folder/key", 10, 100) == body[10:110]
        assert b"".join(store.stream("folder/key", chunk_bytes=20_000)) == body
        assert store.copy("folder/key", "folder/target").size_bytes == len(body)
        assert [stat.key for stat in store.list("folder/")] == ["folder/key", "folder/target"]
        store.delete("folder/key")
        assert not store.exists("folder/key")


def test_a_large_upload_repeats_the_part_that_was_spoilt(cloud: Cloud) -> None:
    server, make = cloud
    parts = [os.urandom(3 * 1024 * 1024) for _ in range(6)]
    patient = RetryPolicy(within_seconds=20, first_pause_seconds=0.01, longest_pause_seconds=0.1)
    with FaultProxy(server.port, spoiling_each_request_first(Fault.BUSY)) as proxy:
        make(port=proxy.port, retries=patient).write("large", iter(parts))
    assert make().read("large") == b"".join(parts)


def test_an_empty_folder_mark_of_hadoop_is_not_listed(s3_server: Server) -> None:
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=s3_server.endpoint)
    client.put_object(Bucket=PLACE, Key="marked/folder/", Body=b"")
    client.put_object(Bucket=PLACE, Key="marked/folder/key", Body=b"x")
    client.put_object(Bucket=PLACE, Key="marked/empty", Body=b"")
    store = S3StorageService(PLACE, prefix="marked", endpoint=s3_server.endpoint)
    assert [stat.key for stat in store.list()] == ["empty", "folder/key"]


SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIASECRETSECRET",
    "AWS_SECRET_ACCESS_KEY": "secretsecretaws",
    "AWS_SESSION_TOKEN": "secretsessiontoken",
}
SIGNATURES = ["Signature=", "SharedKey ", "sig=", "X-Amz-Security-Token", "x-amz-security-token"]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize("call", [*CALLS, *PUTS])
@pytest.mark.parametrize("fault", [Fault.ECHO, Fault.RESET_BEFORE])
def test_no_credential_is_in_any_error_repr_uri_or_log(
    cloud: Cloud,
    call: str,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
    logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    server, make = cloud
    hasty = RetryPolicy(within_seconds=0.05, request_timeout_seconds=1)
    with FaultProxy(server.port, always(fault)) as proxy:
        store = make(port=proxy.port, retries=hasty)
        with pytest.raises(StorageError) as caught:
            {**CALLS, **PUTS}[call](store)
    said = "\n".join(
        [
            *traceback.format_exception(caught.value),
            repr(caught.value),
            repr(vars(caught.value)),
            repr(store),
            store.uri("key"),
            logged.text,
            *capfd.readouterr(),
        ]
    )
    assert "key" in said
    for secret in [*SECRETS.values(), *S3_ENVIRONMENT.values(), ACCOUNT_KEY, *SIGNATURES]:
        assert secret == "us-east-1" or secret not in said


def test_a_shared_access_signature_is_in_no_error(
    azure_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2023-11-03&sp=r&sig=SECRETSIGNATURE")
    paths = []
    with FaultProxy(azure_server.port, lambda method, path: (paths.append(path), Fault.ECHO)[1]) as proxy:
        store = ADLSStorageService(PLACE, account=ACCOUNT, endpoint=azure_server.behind(proxy.port))
        with pytest.raises(StorageError) as caught:
            store.read("key")
    assert "SECRETSIGNATURE" in paths[0], "it was sent, so it could have leaked"
    assert "SECRETSIGNATURE" not in "\n".join([*traceback.format_exception(caught.value), repr(store)])
