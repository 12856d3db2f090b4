"""Real servers for the tests: moto speaks S3, Azurite speaks Azure's Blob API. On free ports, in memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

AZURITE = Path(__file__).parents[3] / ".node" / "node_modules" / ".bin" / "azurite-blob"
ATOMIC_MOTO = Path(__file__).parent / "atomic_moto.py"
ACCOUNT = "devstoreaccount1"
# Azurite's own account, the same for everybody: published in its documentation, and no secret.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PLACE = "lakehouse"
"""The bucket and the container."""

S3_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIATESTSONLY",
    "AWS_SECRET_ACCESS_KEY": "tests-only-secret",
    "AWS_REGION": "us-east-1",
}
AZURE_ENVIRONMENT = {"AZURE_STORAGE_ACCOUNT_KEY": ACCOUNT_KEY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs until the test session ends."""

    port: int
    path: str = ""

    @property
    def endpoint(self) -> str:
        return self.behind(self.port)

    def behind(self, port: int) -> str:
        """The same server, reached by another port."""
        return f"http://127.0.0.1:{port}{self.path}"


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """An S3 server with the bucket in it."""
    port = free_port()
    with running([sys.executable, str(ATOMIC_MOTO), str(port)], port):
        request(port, "PUT", f"/{PLACE}", {})
        yield Server(port=port)


@contextlib.contextmanager
def azurite() -> Iterator[Server]:
    """A Blob server with the container in it."""
    port = free_port()
    options = ["--skipApiVersionCheck", "--loose", "--disableTelemetry", "--silent", "--inMemoryPersistence"]
    with running([str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options], port):
        path = f"/{ACCOUNT}/{PLACE}?restype=container"
        request(port, "PUT", path, signed_for_azure(path))
        yield Server(port=port, path=f"/{ACCOUNT}")


def signed_for_azure(path: str, **more: str) -> dict[str, str]:
    """Headers of a bodyless PUT, signed by the account's key (Azure, "Authorize with Shared Key")."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"x-ms-date": date, "x-ms-version": "2023-11-03", **more}
    signed = "\n".join(f"{name}:{headers[name]}" for name in sorted(headers))
    resource, _, query = path.partition("?")
    text = (
        "PUT" + "\n" * 12 + f"{signed}\n/{ACCOUNT}{resource}" + (f"\n{query.replace('=', ':')}" * bool(query))
    )
    digest = hmac.new(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256).digest()
    return {**headers, "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"}


def request(port: int, method: str, path: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Content-Length": "0", **headers})
    answer = connection.getresponse()
    assert answer.status in {200, 201}, answer.read()
    connection.close()


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    environment = {**os.environ, **S3_ENVIRONMENT}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            wait_until_open(port, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("the server did not open its port within 240 s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
