"""Hits and puts of the node's file cache beside diskcache and fsspec's filecache, with one and four processes.

Asked: a hit (by descriptor) in at most 10 µs; with four processes at least 10 × diskcache's and 5 × fsspec's
hits a second; puts of 1 MB no slower than diskcache's. Files are of 1 MB, warm in the page cache.
Latency is by CPU time (user and system), so that what else the machine does counts little; puts by both, the kinds
taking turns at each file. A cache is set up, with its folders and its index, before it is timed. Ours computes a
checksum of each file, which the others don't.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import diskcache
from fsspec.implementations.cached import WholeFileCacheFileSystem
from fsspec.implementations.local import LocalFileSystem

from lakehouse.cache import NodeFileCache

FILES = 20
SIZE_BYTES = 1 << 20
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS", "0.5"))
BOUND_BYTES = 1 << 30
Hit = Callable[[int], object]


def ours(folder: str, sources: str) -> Hit:
    files = NodeFileCache(f"{folder}/ours", max_bytes=BOUND_BYTES)

    def hit(number: int) -> None:
        with files.open(f"{sources}/{number}", "1", functools.partial(copy, f"{sources}/{number}")) as lease:
            lease.fileno()

    return hit


def of_diskcache(folder: str, sources: str) -> Hit:
    cache = diskcache.Cache(
        f"{folder}/diskcache", size_limit=BOUND_BYTES, eviction_policy="least-recently-used"
    )

    def hit(number: int) -> None:
        file = cache.get(number, read=True)
        if file is None:
            with open(f"{sources}/{number}", "rb") as source:
                cache.set(number, source, read=True)
        else:
            file.close()

    return hit


def of_fsspec(folder: str, sources: str) -> Hit:
    files = WholeFileCacheFileSystem(fs=LocalFileSystem(), cache_storage=f"{folder}/fsspec")
    return lambda number: files.open(f"{sources}/{number}", "rb").close()


KINDS = {"NodeFileCache": ours, "diskcache": of_diskcache, "fsspec filecache": of_fsspec}


def copy(path: str, target: object) -> None:
    with open(path, "rb") as source:
        shutil.copyfileobj(source, target, SIZE_BYTES)  # type: ignore[misc]


def hits_in(kind: str, folder: str, sources: str, start_at: float) -> tuple[float, float]:
    """Return hits a second of one process, and of its CPU time."""
    hit = KINDS[kind](folder, sources)
    for number in range(FILES):
        hit(number)
    time.sleep(max(0.0, start_at - time.time()))
    began, began_cpu = time.perf_counter(), time.process_time()
    count = 0
    while time.perf_counter() - began < SECONDS:
        for number in range(FILES):
            hit(number)
        count += FILES
    return count / (time.perf_counter() - began), count / (time.process_time() - began_cpu)


def time_puts(found: dict[str, Rounds], folder: str, sources: str) -> None:
    """Put new files, each kind one after the other, and note the seconds of each put: by the clock, of CPU time."""
    hits = {kind: KINDS[kind](tempfile.mkdtemp(dir=folder), sources) for kind in KINDS}
    for hit in hits.values():
        hit(FILES)
    for number in range(FILES):
        for kind, hit in hits.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            hit(number)
            found[kind].put_seconds.append(time.perf_counter() - began)
            found[kind].put_cpu_seconds.append(time.process_time() - began_cpu)


@dataclass(kw_only=True)
class Rounds:
    """What one kind of cache did in all rounds."""

    hits_of_one: list[float] = field(default_factory=list)
    """A second of CPU time."""
    hits_of_four: list[float] = field(default_factory=list)
    """A second."""
    put_seconds: list[float] = field(default_factory=list)
    put_cpu_seconds: list[float] = field(default_factory=list)


def measure(folder: str, sources: str) -> dict[str, Rounds]:
    found = {kind: Rounds() for kind in KINDS}
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.5] * 4))
        for _ in range(ROUNDS):
            time_puts(found, folder, sources)
            for kind, rounds in found.items():
                rounds.hits_of_one.append(hits_in(kind, folder, sources, 0.0)[1])
                start_at = time.time() + 0.5
                runs = [pool.submit(hits_in, kind, folder, sources, start_at) for _ in range(4)]
                rounds.hits_of_four.append(sum(run.result()[0] for run in runs))
    return found


def main() -> None:
    folder = tempfile.mkdtemp(prefix="cache-benchmark-")
    try:
        sources = Path(folder, "sources")
        sources.mkdir()
        for number in range(FILES + 1):
            (sources / str(number)).write_bytes(os.urandom(SIZE_BYTES))
        found = measure(folder, str(sources))
    finally:
        shutil.rmtree(folder)
    ours = found["NodeFileCache"]
    columns = ("hits/s, 4 processes", "a put of 1 MB", "of CPU time")
    print(f"{'':18}{'hit latency':>14}" + "".join(f"{column:>22}{'ours':>8}" for column in columns))
    median = statistics.median
    for kind, rounds in found.items():
        hits, put, put_cpu = (
            median(rounds.hits_of_four),
            median(rounds.put_seconds),
            median(rounds.put_cpu_seconds),
        )
        cells = [
            (f"{hits:.0f}", median(ours.hits_of_four) / hits),
            (f"{put * 1e6:.0f} µs", put / median(ours.put_seconds)),
            (f"{put_cpu * 1e6:.0f} µs", put_cpu / median(ours.put_cpu_seconds)),
        ]
        latency = f"{1e6 / median(rounds.hits_of_one):.1f} µs"
        print(f"{kind:18}{latency:>14}" + "".join(f"{cell:>22}{f'×{ratio:.1f}':>8}" for cell, ratio in cells))
    print(f"a CRC-32 of 1 MB, which only our put has: {checksum_us():.0f} µs")


def checksum_us() -> float:
    """Return the CPU time of one checksum over 1 MB."""
    body = os.urandom(SIZE_BYTES)
    began = time.process_time()
    for _ in range(100):
        zlib.crc32(body)
    return (time.process_time() - began) / 100 * 1e6


if __name__ == "__main__":
    main()
