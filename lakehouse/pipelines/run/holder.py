"""Who holds the lock of a run, and whether that process has ended."""

from __future__ import annotations

import datetime as dt
import os
import socket
import uuid
from pathlib import Path

import msgspec

from lakehouse.process_age import born_at

__all__ = ["Holder"]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock; nobody does where ``run`` is empty."""

    run: str = ""
    host: str = ""
    machine: str = ""
    """Tells the machine, since it started, and the processes' numbers on it, from any other."""
    pid: int = 0
    born_at: str = ""
    """When the process began, as the kernel counts: a number of a process is given out again."""
    since: str = ""
    """ISO 8601, UTC."""
    beat: int = 0
    takes_turns: bool = False
    """Whether it holds the lock for a while only, and whoever wants it may wait."""

    @classmethod
    def this_process(cls) -> Holder:
        """Return a new holder, which is this process."""
        return cls(
            run=uuid.uuid4().hex,
            host=socket.gethostname(),
            machine=_machine(),
            pid=os.getpid(),
            born_at=born_at(os.getpid()),
            since=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )

    @classmethod
    def of(cls, body: bytes) -> Holder:
        """Read a lock; a damaged one holds nobody."""
        try:
            return msgspec.json.decode(body, type=cls)
        except msgspec.DecodeError:
            return cls()

    def is_dead(self) -> bool | None:
        """Say whether the process has ended; None where nobody here can tell."""
        if self.machine != _machine():
            return None
        return born_at(self.pid) != self.born_at


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = numbers = ""
    return f"{socket.gethostname()}/{boot}/{numbers}"
