"""The Delta log on each cloud store, by its own CommitProtocol; delta-rs reads what was committed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pyarrow as pa
import pytest
from fault_proxy import FaultProxy
from storage_servers import ACCOUNT, ACCOUNT_KEY, PLACE, S3_ENVIRONMENT, Server
from test_put_if_absent_under_faults import IMPATIENT, drawn_faults

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.delta_log.commit_protocols import PutIfAbsentProtocol
from lakehouse.settings import AdlsStorage, S3Storage
from lakehouse.storage import ObjectStorageService, register_settings, schemes

WRITERS, COMMITS = 4, 3
Cloud = tuple[Server, Callable[..., ObjectStorageService]]


def commit_all(manager: TransactionManager, table: str) -> None:
    """Let the writers append at once; each row says which commit it came with."""

    def write(writer: int) -> None:
        for number in range(COMMITS):
            with manager.transaction(table) as transaction:
                transaction.append(pa.table({"commit": [f"{writer}-{number}"] * 2}))

    with manager.transaction(table) as transaction:
        transaction.create(pa.schema([("commit", pa.string())]))
    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def rows_by_delta_rs(server: Server, uri: str) -> Counter[str]:
    """Read the table by an engine that shares no code with ours."""
    deltalake = pytest.importorskip("deltalake")
    s3 = {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint, "AWS_ALLOW_HTTP": "true"}
    azure = {
        "azure_storage_account_name": ACCOUNT,
        "azure_storage_account_key": ACCOUNT_KEY,
        "azure_storage_endpoint": server.endpoint,
        "allow_http": "true",
    }
    if uri.startswith("abfss:"):
        uri = f"az://{PLACE}/{uri.split('/', 3)[3]}"
    table = deltalake.DeltaTable(uri, storage_options=azure if server.path else s3)
    assert table.version() == WRITERS * COMMITS
    return Counter(table.to_pyarrow_table()["commit"].to_pylist())


EXPECTED = Counter({f"{writer}-{number}": 2 for writer in range(WRITERS) for number in range(COMMITS)})


def test_no_commit_is_lost_or_doubled_by_many_writers(cloud: Cloud) -> None:
    server, make = cloud
    store = make()
    commit_all(TransactionManager(storage=store, protocol=PutIfAbsentProtocol(store)), store.uri())
    assert rows_by_delta_rs(server, store.uri()) == EXPECTED


def test_no_commit_is_lost_or_doubled_by_a_faulty_network(cloud: Cloud) -> None:
    server, make = cloud
    with FaultProxy(server.port, drawn_faults(7, share=0.15)) as proxy:
        store = make(port=proxy.port, retries=IMPATIENT)
        commit_all(TransactionManager(storage=store, protocol=PutIfAbsentProtocol(store)), store.uri())
    assert rows_by_delta_rs(server, store.uri()) == EXPECTED


@pytest.fixture
def registered(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The server is known by settings, as the command line makes it."""
    monkeypatch.setattr(schemes, "_KNOWN", {})
    server, _ = cloud
    if server.path:
        register_settings(AdlsStorage(account=ACCOUNT, container=PLACE, endpoint=server.endpoint))
    else:
        register_settings(S3Storage(bucket=PLACE, endpoint=server.endpoint))
    return cloud


def test_a_table_is_found_and_written_by_its_uri_alone(registered: Cloud) -> None:
    server, make = registered
    uri = f"{make().uri()}/a table"
    commit_all(TransactionManager(), uri)
    assert Snapshot.load(uri).version == WRITERS * COMMITS
    assert rows_by_delta_rs(server, uri) == EXPECTED
