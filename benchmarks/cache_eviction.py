"""One call that evicts n files, at 1, 10 and 100 times as many: what an evicted file costs must not grow with n.

Asked: an evicted file costs at most three times as much CPU time at 100 times as many files. The cache is opened
with a smaller bound, so that all files but one have to go; a plain unlink of as many files, in the same folder of
files, stands beside it, as directories of a file system grow too. Then puts into a full cache, which evict one each.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lakehouse.cache import NodeFileCache
from lakehouse.cache.stored_object import StoredObject, digest_of

BLOCK_BYTES = 4096
SMALLEST = int(os.environ.get("FILES", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PUTS = 300
MOST_GROWTH = 3.0


def full_folder(folder: Path, number: int) -> None:
    """Make a folder of empty copies, as a cache with this many files leaves it, without its index."""
    objects = folder / "layout-1" / "objects"
    objects.mkdir(parents=True, mode=0o700)
    (folder / "layout-1").chmod(0o700)
    for each in range(number):
        (objects / StoredObject(digest_of(str(each), "1"), 0, 0).name).touch(mode=0o400)


def evicted_at_once(folder: Path, number: int) -> float:
    """Return the seconds of CPU time of opening a cache that has to evict all files but one."""
    full_folder(folder, number)
    wide = NodeFileCache(folder, max_bytes=number * BLOCK_BYTES)
    assert wide.size_bytes() == 0, "set up, with an index of all files"
    assert wide.statistics().evictions == 0
    narrow = NodeFileCache(folder, max_bytes=BLOCK_BYTES)
    seconds = cpu_seconds(lambda: narrow.size_bytes())
    assert narrow.statistics().evictions == number - 1
    return seconds


def unlinked(folder: Path, number: int) -> float:
    """Return the seconds of CPU time of unlinking as many files."""
    full_folder(folder, number)
    paths = [entry.path for entry in os.scandir(folder / "layout-1" / "objects")]
    return cpu_seconds(lambda: [os.unlink(path) for path in paths])


def put_one_by_one(folder: Path, number: int) -> float:
    """Return the seconds of CPU time of puts into a full cache."""
    full_folder(folder, number)
    files = NodeFileCache(folder, max_bytes=number * BLOCK_BYTES)
    files.size_bytes()

    def put() -> None:
        for each in range(PUTS):
            files.open(f"new {each}", "1", lambda target: target.write(b"x")).close()

    seconds = cpu_seconds(put)
    assert files.statistics().evictions == PUTS
    return seconds


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def median_microseconds(measure: Callable[[Path, int], float], number: int, files: int) -> float:
    found = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(Path(folder) / "cache", number))
            shutil.rmtree(Path(folder) / "cache")
    return statistics.median(found) / files * 1e6


def main() -> None:
    print("files    evicted, µs each    unlinked, µs each    put into a full cache, µs each")
    costs = []
    for times in (1, 10, 100):
        number = SMALLEST * times
        evicted = median_microseconds(evicted_at_once, number, number)
        plain = median_microseconds(unlinked, number, number)
        put = median_microseconds(put_one_by_one, number, PUTS)
        costs.append((evicted, put))
        print(
            f"{number:<9,}{evicted:>8.1f} ({evicted / costs[0][0]:.2f} x){plain:>15.1f}"
            f"{put:>22.1f} ({put / costs[0][1]:.2f} x)"
        )
    growth = costs[-1][0] / costs[0][0]
    print(
        f"an evicted file costs {growth:.2f} times as much at 100 times as many files (asked: {MOST_GROWTH:g})"
    )
    assert growth <= MOST_GROWTH


if __name__ == "__main__":
    main()
