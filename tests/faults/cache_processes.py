"""What the processes of the cache's fault tests run. Imports only the cache, so that they start fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from lakehouse.cache import CacheError, NodeFileCache, node_file_cache, open_object, stored_files
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import StoredObject
from lakehouse.errors import LakehouseError
from lakehouse.storage import LocalStorageService


def body_of(uri: str, size_bytes: int) -> bytes:
    """Return what the source holds: bytes that tell which file they are of, and where."""
    line = f"{uri:>15}\n".encode()
    return (line * (size_bytes // len(line) + 1))[:size_bytes]


def logged_fetch(
    log: str, uri: str, size_bytes: int, *, pieces: int = 1, pause_seconds: float = 0.0
) -> Callable[[IO[bytes]], None]:
    """Return a source that writes a line to its own log for each time it is fetched from."""

    def fetch(target: IO[bytes]) -> None:
        with open(log, "a") as file:
            file.write(f"{uri} {os.getpid()}\n")
        body = body_of(uri, size_bytes)
        step = -(-size_bytes // pieces)
        for start in range(0, size_bytes, step):
            target.write(body[start : start + step])
            time.sleep(pause_seconds)

    return fetch


def open_all(folder: str, log: str, uris: list[str], size_bytes: int, max_bytes: int) -> int:
    """Open every file; return how many were wrong."""
    files = NodeFileCache(folder, max_bytes=max_bytes)
    wrong = 0
    for uri in uris:
        with files.open(uri, "1", logged_fetch(log, uri, size_bytes, pause_seconds=0.01)) as lease:
            wrong += lease.read() != body_of(uri, size_bytes)
    return wrong


def open_slowly(folder: str, log: str, uri: str, size_bytes: int) -> None:
    """Open one file from a source that takes ten seconds."""
    files = NodeFileCache(folder, max_bytes=1 << 30)
    files.open(uri, "1", logged_fetch(log, uri, size_bytes, pieces=100, pause_seconds=0.1)).close()


def hold_lease(folder: str, log: str, uri: str, size_bytes: int, ready: str) -> None:
    """Open one file, make the lease's link, say so and wait to be killed."""
    files = NodeFileCache(folder, max_bytes=1 << 30)
    lease = files.open(uri, "1", logged_fetch(log, uri, size_bytes))
    Path(ready).write_text(str(lease.path))
    time.sleep(60)


def hold_lease_and_fork(folder: str, log: str, uri: str, size_bytes: int, ready: str, child: str) -> None:
    """Do as ``hold_lease`` does, with a forked child that lives on; its process id is in ``child``."""
    files = NodeFileCache(folder, max_bytes=1 << 30)
    lease = files.open(uri, "1", logged_fetch(log, uri, size_bytes))
    link = lease.path
    if os.fork() == 0:
        # The child says so itself: before it runs, it holds what its parent has open.
        Path(child).write_text(str(os.getpid()))
        Path(ready).write_text(str(link))
    time.sleep(60)


def open_half_at_first(folder: str, log: str, uri: str, size_bytes: int) -> str:
    """Open one file from a source that ends too early when it is first asked; return what came of it."""

    def fetch(target: IO[bytes]) -> None:
        is_first = not Path(log).exists()
        time.sleep(0.5)  # so that the other process waits for this one
        logged_fetch(log, uri, size_bytes // 2 if is_first else size_bytes)(target)

    files = NodeFileCache(folder, max_bytes=1 << 30)
    try:
        with files.open(uri, "1", fetch, size_bytes=size_bytes) as lease:
            return "whole" if lease.read() == body_of(uri, size_bytes) else "wrong"
    except CacheError as error:
        return type(error).__name__


class SlowReader:
    """A store whose object comes in pieces with pauses; says when the first piece has come."""

    def __init__(self, store: LocalStorageService, ready: str) -> None:
        self._store = store
        self._ready = ready
        self.stat, self.uri = store.stat, store.uri

    def read_range(self, key: str, start: int, length: int) -> bytes:
        piece = self._store.read_range(key, start, length)
        Path(self._ready).write_text("reading")
        time.sleep(0.05)
        return piece


def open_object_slowly(folder: str, root: str, key: str, ready: str) -> str:
    """Open an object of a store, in ten pieces; return its content, or the error's name."""
    stored_files.PART_BYTES = 4000
    files = NodeFileCache(folder, max_bytes=1 << 30)
    store = SlowReader(LocalStorageService(root), ready)
    try:
        with open_object(files, store, key) as lease:  # type: ignore[arg-type]
            return lease.read().decode()
    except LakehouseError as error:
        return type(error).__name__


def evict_and_hang(folder: str, log: str, max_bytes: int, ready: str, after: str) -> None:
    """Put a file into a full cache, and hang half-way: after an unlink, the rename, or half a slot."""

    def hang(*_: object) -> None:
        Path(ready).write_text("hanging")
        time.sleep(60)

    if after == "half a slot":
        write = SlotTable.insert

        def write_half(table: SlotTable, stored: StoredObject, *, used_ns: int) -> None:
            write(table, StoredObject((7, 7), stored.size_bytes, 0), used_ns=used_ns)
            hang()

        SlotTable.insert = write_half  # type: ignore[method-assign]
    else:
        original = getattr(os, after)

        def act_then_hang(*arguments: str) -> None:
            original(*arguments)
            if "/objects/" in str(arguments[-1]):
                hang()

        setattr(os, after, act_then_hang)
    files = NodeFileCache(folder, max_bytes=max_bytes)
    files.open("evictor", "1", logged_fetch(log, "evictor", max_bytes // 2)).close()


def open_with_other_layout(folder: str, log: str, uris: list[str], size_bytes: int) -> int:
    """Open every file as a later version of this code would, whose layout is another one."""
    node_file_cache.LAYOUT = "layout-2"  # type: ignore[misc]
    return open_all(folder, log, uris, size_bytes, 1 << 30)


def open_as_nobody(folder: str, log: str, results: str) -> None:
    """Open a file as a user who may not write to the folder; report what was read and the warnings."""
    import warnings

    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = NodeFileCache(folder, max_bytes=1000)
        for _ in range(2):
            with files.open("a", "1", logged_fetch(log, "a", 100)) as lease:
                right = lease.read() == body_of("a", 100)
    Path(results).write_text(f"{right} {[warning.category.__name__ for warning in caught]}")


def churn_and_fork(folder: str, log: str, seed: int, seconds: float, max_bytes: int) -> int:
    """Do as ``churn`` on four threads, and fork children that do so too; return how many files were wrong."""
    import random
    from concurrent.futures import ThreadPoolExecutor

    random_numbers = random.Random(seed)
    deadline = time.monotonic() + seconds
    wrong = 0
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(churn, folder, log, seed * 10 + n, seconds, max_bytes) for n in range(4)]
        while time.monotonic() < deadline:
            child = os.fork()
            if child == 0:
                os._exit(min(churn(folder, log, random_numbers.randrange(1000), 0.3, max_bytes), 1))
            wrong += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
        return wrong + sum(run.result() for run in runs)


def churn(folder: str, log: str, seed: int, seconds: float, max_bytes: int) -> int:
    """Open files at random for a while; return how many were wrong."""
    import random

    random_numbers = random.Random(seed)
    files = NodeFileCache(folder, max_bytes=max_bytes)
    wrong = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        uri = str(random_numbers.randrange(40))
        size_bytes = 1000 + 100 * int(uri)
        with files.open(uri, "1", logged_fetch(log, uri, size_bytes)) as lease:
            wrong += lease.read() != body_of(uri, size_bytes)
            if random_numbers.random() < 0.1:
                wrong += lease.path.read_bytes() != body_of(uri, size_bytes)
    return wrong
