"""A PostgreSQL of the test's own: started on a free port, and gone with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["USER", "Server", "binaries", "running_server"]

USER, PASSWORD = "shop_reader", "s3cret-word"


def binaries() -> Path | None:
    """Return the folder of the server's programs; None where it is not installed."""
    folders = [Path(found).parent for found in [shutil.which("initdb")] if found]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((each for each in folders if (each / "pg_ctl").exists()), None)


@dataclass(frozen=True)
class Server:
    """A running server with one database."""

    port: int
    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.port}/postgres"

    def run(self, sql: str) -> str:
        """Run statements and return what the last one prints."""
        psql = shutil.which("psql") or "psql"
        given = [
            psql,
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            USER,
            "-d",
            "postgres",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        done = subprocess.run(
            [*given, "-c", sql], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Start a server; stop it at the end of the block."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "password").write_text(PASSWORD)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        account = _account(folder)
        data = str(folder / "data")
        # The server refuses to be run by root.
        _run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                USER,
                "-A",
                "scram-sha-256",
                "--pwfile",
                folder / "password",
                "-E",
                "UTF8",
            ],
            account,
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run([programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], account)
        try:
            yield Server(port=port, folder=folder, environment={**os.environ, "PGPASSWORD": PASSWORD})
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], account)


def _account(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    name = "postgres"
    owner = pwd.getpwnam(name)
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return name


def _run(command: list[str | Path], account: str | None) -> None:
    subprocess.run([str(each) for each in command], user=account, check=True, capture_output=True, cwd="/")
