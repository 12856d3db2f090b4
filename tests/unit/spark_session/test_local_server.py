"""A session that goes on: it is found while it runs, and a stale record is told from it and does no harm."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.process_age import born_at
from lakehouse.settings import SparkSettings
from lakehouse.spark_session import LocalServer
from lakehouse.spark_session.local_server.record import (
    ServerRecord,
    installed_versions,
    read_record,
    write_record,
)

LISTENS = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
time.sleep(600)
"""


@pytest.fixture
def listener() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that takes connections, as a server does, and its port."""
    process = subprocess.Popen([sys.executable, "-c", LISTENS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()


@pytest.fixture
def record(listener: tuple[subprocess.Popen[str], int]) -> ServerRecord:
    process, port = listener
    return ServerRecord(
        pid=process.pid,
        born_at=born_at(process.pid),
        port=port,
        token="t0k",
        folder="/project",
        versions=installed_versions(),
    )


@pytest.fixture
def server(tmp_path: Path) -> LocalServer:
    return LocalServer(SparkSettings(), folder=tmp_path, project=Path("/project"))


def put(server: LocalServer, record: ServerRecord) -> Path:
    """Write the record where the server's state is looked for."""
    file = server.log.with_suffix(".json")
    write_record(file, record)
    return file


def test_before_a_start_there_is_no_session_and_nothing_to_warn_of(server: LocalServer) -> None:
    assert (server.state().remote, server.state().warning) == (None, "")
    assert server.stop() is False


def test_a_server_that_answers_is_found_with_its_token(server: LocalServer, record: ServerRecord) -> None:
    put(server, record)
    assert server.state().remote == f"sc://localhost:{record.port}/;token=t0k"
    assert "t0k" not in str(server.state())


def test_the_record_is_for_its_user_s_eyes_only(server: LocalServer, record: ServerRecord) -> None:
    file = put(server, record)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_record(file) == record


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"pid": 1}', b"\xff\xfe"])
def test_a_damaged_record_is_as_no_record(server: LocalServer, content: bytes) -> None:
    server.log.with_suffix(".json").write_bytes(content)
    assert server.state().remote is None


def test_a_server_that_ended_is_stale(server: LocalServer, record: ServerRecord, listener: tuple) -> None:
    put(server, record)
    listener[0].kill()
    listener[0].wait()
    assert server.state().remote is None
    assert server.state().warning == f"its process {record.pid} has ended"


def test_another_process_with_the_same_number_is_neither_used_nor_ended(
    server: LocalServer, record: ServerRecord, listener: tuple
) -> None:
    put(server, replace(record, born_at="1"))
    assert server.state().remote is None
    assert server.stop() is True
    assert listener[0].poll() is None, "it is not the one that was started"
    assert server.state().warning == ""


def test_a_server_of_other_versions_is_stale(server: LocalServer, record: ServerRecord) -> None:
    put(server, replace(record, versions={**installed_versions(), "Spark": "4.1.0"}))
    assert server.state().remote is None
    assert "Spark 4.1.0, here 4.2.0" in server.state().warning


def test_a_process_that_does_not_answer_is_stale(server: LocalServer, record: ServerRecord) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    put(server, replace(record, port=port))
    assert "does not answer" in server.state().warning


def test_stop_ends_the_process_and_the_record(
    server: LocalServer, record: ServerRecord, listener: tuple
) -> None:
    put(server, record)
    assert server.stop() is True
    assert listener[0].wait(timeout=10) == -15
    assert (server.state().remote, server.state().warning) == (None, "")


def test_another_folder_or_other_settings_have_another_session(
    server: LocalServer, record: ServerRecord, tmp_path: Path
) -> None:
    put(server, record)
    elsewhere = LocalServer(SparkSettings(), folder=tmp_path, project=Path("/other"))
    otherwise = LocalServer(SparkSettings(conf={"a": 1}), folder=tmp_path, project=Path("/project"))
    again = LocalServer(SparkSettings(), folder=tmp_path, project=Path("/project"))
    assert [each.state().remote is None for each in (elsewhere, otherwise, again)] == [True, True, False]
