"""The node's file cache in one process: what it keeps, for how long, and what it hands out."""

from __future__ import annotations

import fcntl
import gzip
import os
import random
import shutil
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.cache import (
    CacheBoundError,
    CacheUnusableWarning,
    FileToFetch,
    Lease,
    NodeFileCache,
    RecursiveLoadError,
    SourceChangedError,
    TruncatedDownloadError,
    file_to_fetch,
    open_object,
)
from lakehouse.cache.arrow import arrow_file
from lakehouse.cache.disk_bounds import disk_bytes
from lakehouse.cache.key_lock import KeyLocks, RangeKeyLocks, StripedKeyLocks
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import StoredObject, digest_of
from lakehouse.storage import MemoryStorageService, NotFoundError

LATEST_SECONDS = 10.0
BLOCK = 4096
"""What a file system gives a file at a time: a bound below this keeps nothing."""


class Source:
    """Gives contents by address, and remembers what was fetched."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def fetch(self, uri: str, content: bytes = b"content") -> Callable[[IO[bytes]], None]:
        def write(target: IO[bytes]) -> None:
            self.fetched.append(uri)
            target.write(content)

        return write


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def files(tmp_path: Path) -> NodeFileCache:
    return NodeFileCache(tmp_path / "cache", max_bytes=100 * BLOCK)


def objects_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/objects/*"))


def content(lease: Lease) -> bytes:
    with lease:
        return lease.read()


def test_a_file_is_fetched_once_and_then_found(files: NodeFileCache, source: Source) -> None:
    for _ in range(3):
        assert content(files.open("a", "1", source.fetch("a"))) == b"content"
    assert source.fetched == ["a"]
    seen = files.statistics()
    assert (seen.file_hits, seen.file_misses, seen.fetches, seen.fetched_bytes) == (2, 1, 1, 7)


def test_another_instance_on_the_same_folder_finds_it(tmp_path: Path, source: Source) -> None:
    for _ in range(2):
        files = NodeFileCache(tmp_path, max_bytes=BLOCK)
        assert content(files.open("a", "1", source.fetch("a"))) == b"content"
    assert source.fetched == ["a"]


def test_another_version_is_another_file(files: NodeFileCache, source: Source) -> None:
    assert content(files.open("a", "1", source.fetch("a1", b"old"))) == b"old"
    assert content(files.open("a", "2", source.fetch("a2", b"new"))) == b"new"
    assert content(files.open("a", "1", source.fetch("a1", b"never"))) == b"old"
    assert source.fetched == ["a1", "a2"]


def test_address_and_version_are_kept_apart() -> None:
    assert digest_of("a", "bc") != digest_of("ab", "c")


def test_an_empty_file_is_a_file(files: NodeFileCache, source: Source) -> None:
    for _ in range(2):
        lease = files.open("a", "1", source.fetch("a", b""))
        assert (lease.map().nbytes, content(lease)) == (0, b"")
    assert source.fetched == ["a"]


def test_what_is_kept_never_exceeds_the_bound(tmp_path: Path, source: Source) -> None:
    files = NodeFileCache(tmp_path, max_bytes=10 * BLOCK)
    for number in range(40):
        files.open(str(number), "1", source.fetch("x", bytes(number % 37 * 1000))).close()
        found = [path.stat() for path in objects_of(tmp_path)]
        assert sum(each.st_size for each in found) == files.size_bytes()
        assert sum(each.st_blocks * 512 for each in found) <= 10 * BLOCK


def test_replayed_accesses_miss_exactly_as_an_lru_cache_does(tmp_path: Path, source: Source) -> None:
    random_numbers = random.Random(5)
    files = NodeFileCache(tmp_path, max_bytes=50 * BLOCK)
    model: OrderedDict[int, int] = OrderedDict()
    misses = 0
    for _ in range(1500):
        number = min(int(random_numbers.expovariate(0.06)), 99)
        size_bytes = (1 + number % 5) * BLOCK
        files.open(str(number), "1", source.fetch("x", bytes(size_bytes))).close()
        if number in model:
            model.move_to_end(number)
            continue
        misses += 1
        while sum(model.values()) + size_bytes > 50 * BLOCK:
            model.popitem(last=False)
        model[number] = size_bytes
    assert files.statistics().file_misses == len(source.fetched) == misses
    assert files.size_bytes() == sum(model.values())


def test_a_file_larger_than_the_bound_is_handed_out_and_not_kept(tmp_path: Path, source: Source) -> None:
    files = NodeFileCache(tmp_path, max_bytes=BLOCK)
    files.open("small", "1", source.fetch("small", b"12345")).close()
    big = b"x" * (BLOCK + 1)
    assert content(files.open("big", "1", source.fetch("big", big))) == big
    assert files.statistics().uncached == 1
    files.open("small", "1", source.fetch("small")).close()
    assert source.fetched == ["small", "big"]


def test_a_lease_and_its_path_outlive_eviction_and_deletion(tmp_path: Path, source: Source) -> None:
    files = NodeFileCache(tmp_path, max_bytes=BLOCK)
    leases = [files.open("a", "1", source.fetch("a", b"12345678")) for _ in range(2)]
    path = leases[0].path
    files.open("b", "1", source.fetch("b", b"12345678")).close()
    assert [file.stat().st_size for file in objects_of(tmp_path)] == [8]
    files.clear()
    assert objects_of(tmp_path) == []
    assert path.read_bytes() == b"12345678"
    assert leases[1].path.read_bytes() == b"12345678", "a link asked for after the eviction"
    mapped = leases[0].map()
    for lease in leases:
        assert lease.read() == b"12345678"
        lease.close()
        lease.close()
    assert bytes(mapped) == b"12345678"
    assert not path.exists()


def test_a_descriptor_starts_at_the_beginning_and_is_read_only(files: NodeFileCache, source: Source) -> None:
    for _ in range(2):
        with files.open("a", "1", source.fetch("a", b"content")) as lease:
            assert os.read(lease.fileno(), 3) == b"con"
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.write(lease.fileno(), b"x")


def test_arrow_reads_a_cached_parquet_file_without_a_path(files: NodeFileCache, tmp_path: Path) -> None:
    table = pa.table({"id": list(range(100))})
    pq.write_table(table, tmp_path / "x.parquet")
    body = (tmp_path / "x.parquet").read_bytes()
    big_enough = NodeFileCache(tmp_path / "cache", max_bytes=1 << 20)
    with big_enough.open("x", "1", lambda target: target.write(body)) as lease:
        reader = arrow_file(lease)
    assert pq.read_table(reader).equals(table)


def test_a_fetch_that_raises_leaves_nothing_and_is_tried_again(files: NodeFileCache, source: Source) -> None:
    def fail(target: IO[bytes]) -> None:
        target.write(b"half")
        raise ConnectionResetError("the source went away")

    with pytest.raises(ConnectionResetError):
        files.open("a", "1", fail)
    assert content(files.open("a", "1", source.fetch("a"))) == b"content"
    assert files.statistics().fetch_failures == 1


def test_a_truncated_download_is_refused_with_both_numbers(files: NodeFileCache, source: Source) -> None:
    with pytest.raises(TruncatedDownloadError, match=r"'a' brought 4 bytes of 7\. Fix: try again"):
        files.open("a", "1", source.fetch("a", b"half"), size_bytes=7)
    assert content(files.open("a", "1", source.fetch("a"), size_bytes=7)) == b"content"


def test_a_fetch_that_opens_its_own_file_is_an_error_not_a_hang(files: NodeFileCache) -> None:
    def fetch(target: IO[bytes]) -> None:
        target.write(files.open("a", "1", fetch).read())

    with pytest.raises(RecursiveLoadError):
        files.open("a", "1", fetch)


@pytest.mark.parametrize("kind", [RangeKeyLocks, StripedKeyLocks])
def test_threads_that_miss_the_same_file_make_one_fetch(
    tmp_path: Path, kind: Callable[[Path], KeyLocks], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.cache.cache_folder.key_locks_in", kind)
    files = NodeFileCache(tmp_path, max_bytes=BLOCK)
    fetched: list[int] = []

    def fetch(target: IO[bytes]) -> None:
        fetched.append(threading.get_ident())
        threading.Event().wait(0.05)
        target.write(b"content")

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(files.open, "a", "1", fetch) for _ in range(16)]
        assert {content(future.result(LATEST_SECONDS)) for future in futures} == {b"content"}
    assert len(fetched) == 1
    seen = files.statistics()
    assert (seen.file_hits + seen.file_waits, seen.fetches) == (15, 1)


def test_a_hit_waits_for_no_lock(files: NodeFileCache, source: Source, tmp_path: Path) -> None:
    for uri in ("known", "in the index"):
        files.open(uri, "1", source.fetch(uri)).close()
    files.open("known", "1", source.fetch("known")).close()
    with ExitStack() as locked, ThreadPoolExecutor(1) as pool:
        for name in ("index-lock", "key-locks"):
            file = locked.enter_context((tmp_path / "cache" / "layout-1" / name).open("r+"))
            fcntl.flock(file, fcntl.LOCK_EX)
        for uri in ("known", "in the index"):
            assert content(pool.submit(files.open, uri, "1", source.fetch(uri)).result(LATEST_SECONDS))
    assert len(source.fetched) == 2


def test_different_files_are_fetched_side_by_side(files: NodeFileCache) -> None:
    all_inside = threading.Barrier(4)

    def fetch(target: IO[bytes]) -> None:
        all_inside.wait(LATEST_SECONDS)

    with ThreadPoolExecutor(4) as pool:
        for lease in pool.map(lambda number: files.open(str(number), "1", fetch), range(4)):
            lease.close()


def test_a_bound_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CacheBoundError, match="max_bytes is 0"):
        NodeFileCache(tmp_path, max_bytes=0)


def test_an_unusable_folder_means_no_cache_and_one_warning(tmp_path: Path, source: Source) -> None:
    (tmp_path / "file").write_text("not a folder")
    files = NodeFileCache(tmp_path / "file" / "cache", max_bytes=1000)
    with pytest.warns(CacheUnusableWarning, match=r"can't be used \(Not a directory\).*Fix: give this"):
        files.open("a", "1", source.fetch("a")).close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with files.open("a", "1", source.fetch("a")) as lease:
            assert lease.path.read_bytes() == lease.read() == b"content"
        files.clear()
    assert source.fetched == ["a", "a"]
    assert (files.size_bytes(), files.statistics_of_all().uncached) == (0, 2)


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path, source: Source) -> None:
    (tmp_path / "layout-1").mkdir()
    (tmp_path / "layout-1").chmod(0o777)
    with pytest.warns(CacheUnusableWarning, match="others may write to it"):
        NodeFileCache(tmp_path, max_bytes=1000).open("a", "1", source.fetch("a")).close()


def test_nobody_else_may_look_into_the_folder(files: NodeFileCache, source: Source, tmp_path: Path) -> None:
    files.open("a", "1", source.fetch("a")).close()
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "cache").iterdir()] == [0o700]


def test_a_use_after_the_folder_was_deleted_and_made_again_counts_in_the_new_one(
    tmp_path: Path, source: Source
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=2 * BLOCK)
    files.open("a", "1", source.fetch("a")).close()
    files.open("a", "1", source.fetch("a")).close()
    shutil.rmtree(tmp_path)
    other = NodeFileCache(tmp_path, max_bytes=2 * BLOCK)
    for uri in ("a", "b"):
        other.open(uri, "1", source.fetch(uri)).close()
    files.open("b", "1", source.fetch("b")).close()
    files.open("a", "1", source.fetch("a")).close()
    other.open("c", "1", source.fetch("c")).close()
    files.open("a", "1", lambda target: pytest.fail("a was used after b")).close()


def test_prefetched_files_are_there_when_they_are_opened(files: NodeFileCache, source: Source) -> None:
    wanted = [FileToFetch(uri=str(n), version="1", fetch=source.fetch(str(n))) for n in range(8)]
    with files.prefetch(wanted, threads=3) as prefetch:
        prefetch.wait()
    for file in wanted:
        files.open(file.uri, file.version, file.fetch).close()
    assert sorted(source.fetched) == [str(n) for n in range(8)]
    assert files.statistics().file_hits == 8


def test_a_prefetch_works_on_no_more_files_at_once_than_it_has_threads(files: NodeFileCache) -> None:
    lock = threading.Lock()
    taken = finished = 0
    most_ahead = 0

    def fetch(target: IO[bytes]) -> None:
        nonlocal finished
        threading.Event().wait(0.005)
        with lock:
            finished += 1

    def endless() -> object:
        nonlocal taken, most_ahead
        for number in range(20):
            with lock:
                taken += 1
                most_ahead = max(most_ahead, taken - finished)
            yield FileToFetch(uri=str(number), version="1", fetch=fetch)

    with files.prefetch(endless(), threads=3) as prefetch:  # type: ignore[arg-type]
        prefetch.wait()
    assert (finished, most_ahead) == (20, 3)


def test_a_closed_prefetch_begins_no_further_file_and_failures_are_only_noted(files: NodeFileCache) -> None:
    begun = threading.Event()
    go_on = threading.Event()

    def fetch(target: IO[bytes]) -> None:
        begun.set()
        go_on.wait(LATEST_SECONDS)
        raise ConnectionResetError

    wanted = [FileToFetch(uri=str(n), version="1", fetch=fetch) for n in range(5)]
    prefetch = files.prefetch(wanted, threads=1)
    assert begun.wait(LATEST_SECONDS)
    closing = threading.Thread(target=prefetch.close)
    closing.start()
    while not prefetch._is_stopped:
        pass
    go_on.set()
    closing.join(LATEST_SECONDS)
    assert [(file.uri, type(error)) for file, error in prefetch.failures] == [("0", ConnectionResetError)]


def test_objects_of_a_storage_service_are_read_by_their_etag(files: NodeFileCache) -> None:
    store = MemoryStorageService()
    store.write("k", b"old")
    assert content(open_object(files, store, "k")) == b"old"
    assert content(open_object(files, store, "k")) == b"old"
    assert files.statistics().fetches == 1
    store.write("k", b"newer")
    assert content(open_object(files, store, "k")) == b"newer"
    assert files.statistics().fetches == 2


def test_an_object_that_changes_under_the_copy_is_not_kept(files: NodeFileCache) -> None:
    store = MemoryStorageService()
    seen = store.write("k", b"old")
    file = file_to_fetch(store, "k", seen)
    store.write("k", b"new")
    with pytest.raises(SourceChangedError, match="changed while it was copied"):
        files.open(file.uri, file.version, file.fetch)
    assert files.size_bytes() == 0


def test_an_object_that_vanishes_under_the_copy_is_the_stores_own_error(files: NodeFileCache) -> None:
    store = MemoryStorageService()
    file = file_to_fetch(store, "k", store.write("k", b"old"))
    store.delete("k")
    with pytest.raises(NotFoundError):
        files.open(file.uri, file.version, file.fetch)
    assert files.size_bytes() == 0


def test_a_forked_child_works_and_counts_for_itself(
    files: NodeFileCache, source: Source, tmp_path: Path
) -> None:
    files.open("before", "1", source.fetch("before")).close()
    from_child, to_parent = os.pipe()

    def fetch_slowly(target: IO[bytes]) -> None:
        target.write(b"half")
        os.write(to_parent, b"x")
        threading.Event().wait(0.1)

    child = os.fork()
    if child == 0:
        try:
            files.open("child's", "1", fetch_slowly).close()
        finally:
            os._exit(0)
    assert os.read(from_child, 1) == b"x"
    files.open("parent's", "1", source.fetch("parent's")).close()
    os.waitpid(child, 0)
    assert content(files.open("child's", "1", source.fetch("child's"))) == b"half"
    assert source.fetched == ["before", "parent's"], "what the child fetched was kept"
    assert files.statistics_of_all().fetches == 3
    assert content(
        NodeFileCache(tmp_path / "cache", max_bytes=100 * BLOCK).open("before", "1", source.fetch("x"))
    )
    assert files.statistics_of_all().fetches == 3, "the child's counts outlive its session"


def test_a_compressed_stream_can_be_fetched_in_pieces(files: NodeFileCache) -> None:
    def fetch(target: IO[bytes]) -> None:
        with gzip.GzipFile(fileobj=target, mode="wb") as stream:
            for _ in range(100):
                stream.write(b"abc")

    assert gzip.decompress(content(files.open("a", "1", fetch))) == b"abc" * 100


def test_the_index_finds_what_was_put_into_it_through_growth_and_removal(tmp_path: Path) -> None:
    random_numbers = random.Random(3)
    table = SlotTable.create(tmp_path / "index", [], slots=64)
    model: dict[tuple[int, int], StoredObject] = {}
    for _ in range(5000):
        digest = (random_numbers.randrange(1, 9), random_numbers.randrange(12))
        position = table.find(digest)
        assert (None if position is None else table.object_at(position)) == model.get(digest)
        if position is not None and random_numbers.random() < 0.6:
            table.remove(position)
            del model[digest]
        elif len(model) < 60:
            model[digest] = StoredObject(digest, random_numbers.randrange(10_000), 7)
            table.insert(model[digest], used_ns=1)
        assert table.files == len(model)
        assert table.disk_bytes == sum(disk_bytes(stored.size_bytes) for stored in model.values())
    assert {stored.digest: stored for stored, _ in table.entries()} == model


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: bytes(len(raw)),
        lambda raw: b"otherfmt" + raw[8:],
        lambda raw: raw[:-40],
        lambda raw: raw[:70],
    ],
    ids=["zeros", "another format", "cut by a slot", "cut in the first slot"],
)
def test_a_damaged_index_is_not_used(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    SlotTable.create(tmp_path / "index", [(StoredObject((1, 2), 3, 4), 5)], slots=64)
    assert SlotTable.attach(tmp_path / "index") is not None
    (tmp_path / "index").write_bytes(spoil((tmp_path / "index").read_bytes()))
    assert SlotTable.attach(tmp_path / "index") is None


def test_more_files_than_the_first_index_holds_are_all_found(tmp_path: Path, source: Source) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1600 * BLOCK)
    other = NodeFileCache(tmp_path, max_bytes=1600 * BLOCK)
    other.open("0", "1", source.fetch("x")).close()
    for number in range(1600):
        files.open(str(number), "1", source.fetch("x")).close()
    for number in range(1600):
        other.open(str(number), "1", lambda target: pytest.fail("fetched again")).close()
    assert len(source.fetched) == 1600
