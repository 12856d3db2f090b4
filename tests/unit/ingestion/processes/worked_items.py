"""What items do to the process that works on them. A worker loads this module, and so it imports next to nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path


def doubled(item: object) -> object:
    """Twice the item; certain items do what certain files do to a parser."""
    if item == "raise":
        raise ValueError("a bad file")
    if item == "exit":
        os._exit(3)
    if item == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if item == "leave":
        sys.exit(5)
    if item == "unpicklable value":
        return threading.Lock()
    if item == "hang":
        time.sleep(600)
    return item * 2  # type: ignore[operator]


def slow_when_even(item: int) -> int:
    time.sleep(0.3 if item % 2 == 0 else 0)
    return item


def dies_once(folder: str, item: int) -> int:
    """Die with the first try at each odd item."""
    seen = Path(folder) / str(item)
    if item % 2 and not seen.exists():
        seen.touch()
        os._exit(1)
    return item


def worker_of(_item: object) -> int:
    return os.getpid()


def leaves_a_child(item: str) -> None:
    """Die, and leave a process that holds what it inherited, the worker's pipes, as long as a file is there."""
    if os.fork() == 0:
        while Path(item).exists():
            time.sleep(0.05)
        os._exit(0)
    os._exit(7)


class NotImportable:
    """Work that can be sent, and not received."""

    def __reduce__(self) -> tuple[object, ...]:
        return (__import__, ("a_module_that_is_not_there",))

    def __call__(self, item: int) -> int:
        return item
