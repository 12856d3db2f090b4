"""Every storage service, each on a place of its own; the servers run once for the session."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import storage_servers
from blocking_view import BlockingView
from storage_servers import ACCOUNT, AZURE_ENVIRONMENT, AZURITE, PLACE, S3_ENVIRONMENT, Server

from lakehouse.storage import (
    AbstractStorageService,
    ADLSStorageService,
    LocalStorageService,
    MemoryStorageService,
    ObjectStorageService,
    RetryPolicy,
    S3StorageService,
    async_twin,
)

SERVICES = ["local", "local-durable", "memory", "s3", "adls"]
TWINS = ["local-async", "memory-async", "s3-async", "adls-async"]
ServiceMaker = Callable[..., ObjectStorageService]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    with storage_servers.moto() as server:
        yield server


@pytest.fixture(scope="session")
def azure_server() -> Iterator[Server]:
    if not AZURITE.exists():
        pytest.skip("Azurite is not installed; `make test` installs it where there is npm")
    with storage_servers.azurite() as server:
        yield server


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the test servers, where the clouds' own chains look first."""
    for variable, value in {**S3_ENVIRONMENT, **AZURE_ENVIRONMENT}.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture(params=["s3", "adls"])
def cloud(request: pytest.FixtureRequest) -> tuple[Server, ServiceMaker]:
    """A server, and what makes services on it: ``make(port=…, retries=…)``, all on one new prefix."""
    kind = request.param
    server: Server = request.getfixturevalue("s3_server" if kind == "s3" else "azure_server")
    prefix = f"p-{uuid.uuid4().hex}"

    def make(*, port: int = server.port, retries: RetryPolicy | None = None) -> ObjectStorageService:
        where = {"prefix": prefix, "endpoint": server.behind(port), "retries": retries}
        if kind == "s3":
            return S3StorageService(PLACE, **where)
        return ADLSStorageService(PLACE, account=ACCOUNT, **where)

    return server, make


@pytest.fixture(params=[*SERVICES, *TWINS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AbstractStorageService]:
    """Every service, and every service's asynchronous twin."""
    kind = request.param.removesuffix("-async")
    service = _service(kind, request, tmp_path)
    if request.param == kind:
        yield service
        return
    view = BlockingView(async_twin(service))
    yield view
    view.close()


def _service(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> AbstractStorageService:
    prefix = f"p-{uuid.uuid4().hex}"
    if kind == "memory":
        return MemoryStorageService()
    if kind == "s3":
        server: Server = request.getfixturevalue("s3_server")
        return S3StorageService(PLACE, prefix=prefix, endpoint=server.endpoint)
    if kind == "adls":
        server = request.getfixturevalue("azure_server")
        return ADLSStorageService(PLACE, account=ACCOUNT, prefix=prefix, endpoint=server.endpoint)
    return LocalStorageService(tmp_path, durable=kind == "local-durable")
