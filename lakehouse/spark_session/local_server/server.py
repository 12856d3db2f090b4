"""The one server of a project's folder with one environment's settings."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.process_age import born_at
from lakehouse.project import find_project
from lakehouse.settings import SparkSettings
from lakehouse.spark_session.local_server.process import end, listens, start
from lakehouse.spark_session.local_server.record import (
    ServerRecord,
    installed_versions,
    read_record,
    write_record,
)

__all__ = ["LocalServer", "ServerState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What can be said of a server. As text, it is for people."""

    running: ServerRecord | None = None
    """Set when it answers, and has our versions."""
    warning: str = ""
    """Why it can't be used although it was started."""

    @property
    def remote(self) -> str | None:
        """Its address, as SPARK_REMOTE takes it; None when runs start sessions of their own."""
        return self.running.remote if self.running else None

    def __str__(self) -> str:
        if self.running:
            return f"the session runs: process {self.running.pid}, port {self.running.port}"
        if self.warning:
            return f"the session can't be used: {self.warning}"
        return "no session runs for this folder and environment"


class LocalServer:
    """Started by one process, found by others through a file in the cache folder."""

    def __init__(self, settings: SparkSettings, *, folder: Path, project: Path | None = None) -> None:
        project = project or find_project().root
        made_for = json.dumps([str(project), settings.master, sorted(settings.conf.items())], default=str)
        stem = hashlib.sha256(made_for.encode()).hexdigest()[:20]
        self._file, self._lock_file = folder / f"{stem}.json", folder / f"{stem}.lock"
        self.log = folder / f"{stem}.log"
        """What Spark says on the server."""

    def state(self) -> ServerState:
        """Look for the server; changes nothing."""
        record = read_record(self._file)
        if record is None:
            return ServerState()
        if born_at(record.pid) != record.born_at:
            return ServerState(warning=f"its process {record.pid} has ended")
        if other := _differences(record.versions):
            return ServerState(warning=f"it runs with other versions: {other}")
        if not listens(record.port):
            return ServerState(warning=f"process {record.pid} does not answer at port {record.port}")
        return ServerState(running=record)

    def start(self, options: Mapping[str, str], *, spark_home: Path, java_home: Path) -> ServerState:
        """Start the server with Spark's ``options``, or find the one that runs. Raises ServerNotStartedError."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._lock_file.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.state()
            if found.running:
                return found
            self.stop()
            record = start(options, spark_home=spark_home, java_home=java_home, log=self.log)
            write_record(self._file, record)
        return ServerState(running=record)

    def stop(self) -> bool:
        """End the server, also one that can't be used; say whether there was one."""
        record = read_record(self._file)
        if record is not None:
            end(record)
        self._file.unlink(missing_ok=True)
        return record is not None


def _differences(versions: Mapping[str, str]) -> str:
    ours = installed_versions()
    return ", ".join(
        f"{name} {versions.get(name)}, here {version}"
        for name, version in ours.items()
        if versions.get(name) != version
    )
