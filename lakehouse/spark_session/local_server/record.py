"""What is written down of a server that runs, so that another process finds it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from lakehouse.version import __version__

__all__ = ["ServerRecord", "installed_versions", "read_record", "write_record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """One server. Its file is for its user's eyes only: it has the token."""

    pid: int
    born_at: str
    """When the process began, as the kernel counts: a number of a process is given out again."""
    port: int
    """On the loopback."""
    token: str
    """Of this start; a client without it is refused."""
    folder: str
    """The project's: relative paths and Python modules are found from there."""
    versions: Mapping[str, str]
    """Of what server and client must have alike."""

    @property
    def remote(self) -> str:
        """The address, as SPARK_REMOTE takes it; pyspark sends a token without TLS to this host name only."""
        return f"sc://localhost:{self.port}/;token={self.token}"


def installed_versions() -> dict[str, str]:
    """Return the versions of what this process would use."""
    python = ".".join(map(str, sys.version_info[:2]))
    spark, delta = metadata.version("pyspark"), metadata.version("delta-spark")
    return {"Python": python, "Spark": spark, "Delta": delta, "lakehouse": __version__}


def read_record(file: Path) -> ServerRecord | None:
    """Return the record; None when the file is missing or damaged."""
    try:
        return ServerRecord(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_record(file: Path, record: ServerRecord) -> None:
    """Write the record, whole or not at all, readable by this user only. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    with open(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as out:
        json.dump(asdict(record), out)
    unfinished.replace(file)
