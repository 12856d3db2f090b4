"""The server's process: starting it, waiting until it answers, ending it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from lakehouse.errors import ConfigurationError
from lakehouse.process_age import born_at
from lakehouse.spark_session.local_server.record import ServerRecord, installed_versions

__all__ = ["ServerNotStartedError", "end", "listens", "start"]

_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 180
_END_SECONDS = 20
_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the variable's name: a command line is for all to see
_OF_THE_PARENT = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE")
_SERVER_CONF = {
    "spark.connect.grpc.binding.address": _LOOPBACK,
    # A function of the project that was edited must not be the old one in a worker that still runs.
    "spark.python.worker.reuse": "false",
}


class ServerNotStartedError(ConfigurationError):
    """The server's process ended, or did not answer in time."""

    def __init__(self, *, reason: str, log: Path) -> None:
        self.log = log
        super().__init__(
            f"the session can't be started: {reason}.",
            fix=f"see what Spark says in {log}, or run without it.",
        )


def start(options: Mapping[str, str], *, spark_home: Path, java_home: Path, log: Path) -> ServerRecord:
    """Start a server with Spark's ``options`` for the working directory. Raises ServerNotStartedError."""
    port, token = _free_port(), secrets.token_urlsafe(24)
    conf = {**options, **_SERVER_CONF, "spark.connect.grpc.binding.port": str(port)}
    arguments = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_THE_PARENT}
    environment |= {
        "JAVA_HOME": str(java_home),
        "SPARK_HOME": str(spark_home),
        "PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable),
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, sys.path)]),
        _TOKEN: token,
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - Spark's own launcher
            [str(spark_home / "bin" / "spark-submit"), *arguments, "--class", _SERVER, "spark-internal"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _wait_until_it_listens(process, port, log)
    return ServerRecord(
        pid=process.pid,
        born_at=born_at(process.pid),
        port=port,
        token=token,
        folder=str(Path.cwd()),
        versions=installed_versions(),
    )


def end(record: ServerRecord) -> None:
    """End the server, and wait until it is gone; one that is gone already is fine."""
    for number, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _END_SECONDS)):
        if born_at(record.pid) != record.born_at:
            return
        os.kill(record.pid, number)
        deadline = time.monotonic() + seconds
        while born_at(record.pid) == record.born_at and time.monotonic() < deadline:
            time.sleep(0.1)


def listens(port: int) -> bool:
    """Say whether something on this machine takes connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((_LOOPBACK, port)) == 0


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not listens(port):
        if process.poll() is not None:
            raise ServerNotStartedError(
                reason=f"its process ended with exit code {process.returncode}", log=log
            )
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
            raise ServerNotStartedError(reason=f"it does not answer after {_START_SECONDS} s", log=log)
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
