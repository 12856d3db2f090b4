"""The bounds on what cached files take of a disk: blocks, inodes, and space that stays free for others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cache import CacheBoundError, CacheSettingError, NodeFileCache
from lakehouse.cache.disk_bounds import DiskBounds, disk_bytes

BLOCK = 4096


def fill(files: NodeFileCache, number: int, content: bytes, *, first: int = 0) -> None:
    for name in range(first, first + number):
        files.open(str(name), "1", lambda target: target.write(content) if content else None).close()


def is_there(files: NodeFileCache, name: int) -> bool:
    fetched: list[int] = []
    files.open(str(name), "1", lambda target: fetched.append(1)).close()
    return not fetched


def blocks_of(folder: Path) -> tuple[int, int]:
    """Return how many files there are and what they take, as the file system has it."""
    found = [path.stat() for path in folder.glob("layout-1/objects/*")]
    return len(found), sum(each.st_blocks * 512 for each in found)


@pytest.mark.parametrize(
    ("size", "expected"), [(0, 1), (1, 1), (BLOCK - 1, 1), (BLOCK, 1), (BLOCK + 1, 2), (10 * BLOCK, 10)]
)
def test_a_file_counts_in_whole_blocks(size: int, expected: int) -> None:
    assert disk_bytes(size) == expected * BLOCK


@pytest.mark.parametrize("size", [0, 1, 10, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_files_of_any_size_take_no_more_of_the_disk_than_the_bound(tmp_path: Path, size: int) -> None:
    files = NodeFileCache(tmp_path, max_bytes=10 * BLOCK)
    fill(files, 60, b"x" * size)
    number, on_disk = blocks_of(tmp_path)
    assert 0 < number <= 10
    assert on_disk <= 10 * BLOCK
    assert files.statistics().evictions == 60 - number


def test_a_bound_of_less_than_a_block_keeps_nothing_and_every_file_is_handed_out(tmp_path: Path) -> None:
    files = NodeFileCache(tmp_path, max_bytes=BLOCK - 1)
    fill(files, 3, b"x")
    assert blocks_of(tmp_path) == (0, 0)
    assert files.statistics().uncached == 3


def test_a_cache_that_is_opened_with_a_smaller_bound_evicts_the_least_recently_used_at_once(
    tmp_path: Path,
) -> None:
    wide = NodeFileCache(tmp_path, max_bytes=50 * BLOCK)
    fill(wide, 50, b"x")
    assert is_there(wide, 0), "a use: 1 is the oldest now"
    narrow = NodeFileCache(tmp_path, max_bytes=5 * BLOCK)
    assert narrow.size_bytes() == 5
    assert blocks_of(tmp_path)[0] == 5
    assert [name for name in range(50) if is_there(NodeFileCache(tmp_path, max_bytes=50 * BLOCK), name)] == [
        0,
        46,
        47,
        48,
        49,
    ]
    assert narrow.statistics().evictions == 45


def test_two_caches_with_different_bounds_each_keep_their_own_when_they_put(tmp_path: Path) -> None:
    wide, narrow = (NodeFileCache(tmp_path, max_bytes=bound * BLOCK) for bound in (20, 4))
    fill(wide, 20, b"x")
    fill(narrow, 1, b"x", first=100)
    assert blocks_of(tmp_path)[0] == 4
    fill(wide, 10, b"x", first=200)
    assert blocks_of(tmp_path)[0] == 14


def test_a_disk_below_its_floor_gets_the_cache_s_space_back_and_new_files_are_not_kept(
    tmp_path: Path,
) -> None:
    fill(NodeFileCache(tmp_path, max_bytes=20 * BLOCK, min_free_bytes=0), 20, b"x")
    assert blocks_of(tmp_path)[0] == 20
    files = NodeFileCache(tmp_path, max_bytes=20 * BLOCK, min_free_bytes=1 << 60)
    with files.open("new", "1", lambda target: target.write(b"new")) as lease:
        assert lease.read() == b"new"
    assert blocks_of(tmp_path) == (0, 0)
    seen = files.statistics()
    assert (seen.evictions, seen.uncached, seen.fetches) == (20, 1, 1)
    assert list(tmp_path.glob("layout-1/sessions/*/[0-9]*")) == [], "what was downloaded is gone too"


def test_only_as_many_files_go_as_the_floor_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = NodeFileCache(tmp_path, max_bytes=20 * BLOCK, min_free_bytes=100 * BLOCK)
    fill(files, 10, b"x")
    disk = FakeDisk(free_blocks=97)
    monkeypatch.setattr(os, "statvfs", disk.status)
    fill(files, 1, b"x", first=100)
    assert [name for name in range(10) if is_there(files, name)] == [3, 4, 5, 6, 7, 8, 9]
    assert is_there(files, 100)


def test_a_disk_that_runs_out_of_inodes_gets_some_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=20 * BLOCK, min_free_bytes=0)
    fill(files, 10, b"x")
    disk = FakeDisk(free_blocks=1000, inodes=1000, free_inodes=6)
    monkeypatch.setattr(os, "statvfs", disk.status)
    fill(files, 1, b"x", first=100)
    assert [name for name in range(10) if is_there(files, name)] == [4, 5, 6, 7, 8, 9]


class FakeDisk:
    """A disk whose free space is told, and grows by nothing: what is asked of the cache is all that counts."""

    def __init__(self, *, free_blocks: int, inodes: int = 0, free_inodes: int = 0) -> None:
        self.answers = [(free_blocks, inodes, free_inodes)]

    def status(self, _: Any) -> os.statvfs_result:
        free, inodes, free_inodes = self.answers.pop() if self.answers else (10**9, 0, 0)
        return os.statvfs_result((BLOCK, BLOCK, 10**6, free, free, inodes, free_inodes, free_inodes, 0, 255))


def test_unless_told_otherwise_a_hundredth_of_the_disk_stays_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", FakeDisk(free_blocks=9_900).status)  # of a million
    assert DiskBounds(max_bytes=BLOCK).shortage(tmp_path).disk_bytes == 100 * BLOCK


@pytest.mark.parametrize("bound", [0, -1, 2.5, True, None, "10g"])
def test_a_bound_must_be_a_whole_number_above_0(tmp_path: Path, bound: Any) -> None:
    with pytest.raises(CacheBoundError, match="max_bytes is"):
        NodeFileCache(tmp_path, max_bytes=bound)


@pytest.mark.parametrize("floor", [-1, 2.5, True, "1g"])
def test_a_floor_of_free_space_must_be_a_whole_number_from_0(tmp_path: Path, floor: Any) -> None:
    with pytest.raises(CacheSettingError, match=r"min_free_bytes is .* Fix: set it to a whole number"):
        NodeFileCache(tmp_path, max_bytes=BLOCK, min_free_bytes=floor)
