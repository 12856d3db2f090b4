"""The node's file cache with real processes, some of them killed, on disks that fill and files that rot."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cache_processes import (
    body_of,
    churn,
    churn_and_fork,
    evict_and_hang,
    hold_lease,
    hold_lease_and_fork,
    logged_fetch,
    open_all,
    open_as_nobody,
    open_half_at_first,
    open_object_slowly,
    open_slowly,
    open_with_other_layout,
)

from lakehouse.cache import NodeFileCache

SPAWN = multiprocessing.get_context("spawn")
LATEST_SECONDS = 20.0
SIZE_BYTES = 12 * 4096
"""Whole blocks, in quarters too."""


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LATEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def fetches(log: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in log.read_text().splitlines()) if log.exists() else Counter()


def objects_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("layout-1/objects/*"))


def left_behind(folder: Path) -> list[Path]:
    """Return downloads and links in the corners of processes."""
    return [path for path in folder.glob("layout-1/sessions/*/*") if path.name.isdigit()]


def opened(files: NodeFileCache, log: Path, uri: str, size_bytes: int = SIZE_BYTES) -> bytes:
    with files.open(uri, "1", logged_fetch(str(log), uri, size_bytes)) as lease:
        return lease.read()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "source.log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def start() -> Iterator[Callable[..., Any]]:
    """Start processes, and end them with the test."""
    started = []

    def begin(target: Callable[..., object], *arguments: object) -> Any:
        process = SPAWN.Process(target=target, args=[str(a) if isinstance(a, Path) else a for a in arguments])
        process.start()
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.join()


def kill(process: Any) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_four_processes_that_read_20_files_fetch_each_exactly_once(folder: Path, log: Path) -> None:
    uris = [str(number) for number in range(20)]
    with ProcessPoolExecutor(4, mp_context=SPAWN) as pool:
        runs = [pool.submit(open_all, str(folder), str(log), uris, SIZE_BYTES, 1 << 30) for _ in range(4)]
        assert [run.result() for run in runs] == [0] * 4
    assert fetches(log) == dict.fromkeys(uris, 1)
    total = NodeFileCache(folder, max_bytes=1 << 30).statistics_of_all()
    assert (total.fetches, total.file_hits + total.file_waits + total.fetches) == (20, 80)


def test_the_file_to_go_is_the_one_that_no_process_used_for_longest(folder: Path, log: Path) -> None:
    random_numbers = random.Random(11)
    held: OrderedDict[str, None] = OrderedDict()
    expected: list[str] = []
    with ExitStack() as stack:
        pools = [stack.enter_context(ProcessPoolExecutor(1, mp_context=SPAWN)) for _ in range(3)]
        for _ in range(60):
            uri = str(min(int(random_numbers.expovariate(0.3)), 9))
            process = random_numbers.choice(pools)
            run = process.submit(open_all, str(folder), str(log), [uri], SIZE_BYTES, 4 * SIZE_BYTES)
            assert run.result(LATEST_SECONDS) == 0
            if uri not in held:
                expected.append(uri)
            held[uri] = None
            held.move_to_end(uri)
            if len(held) > 4:
                held.popitem(last=False)
    assert [line.split()[0] for line in log.read_text().splitlines()] == expected
    assert len(expected) > 10, "files were evicted and came back"


def test_a_download_that_ends_too_early_is_the_loader_s_error_and_the_next_one_s_fetch(
    folder: Path, log: Path
) -> None:
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        list(pool.map(time.sleep, [0.2] * 2))
        runs = [pool.submit(open_half_at_first, str(folder), str(log), "a", SIZE_BYTES) for _ in range(2)]
        outcomes = sorted(run.result(LATEST_SECONDS) for run in runs)
    assert outcomes == ["TruncatedDownloadError", "whole"]
    assert fetches(log) == {"a": 2}
    assert [path.stat().st_size for path in objects_of(folder)] == [SIZE_BYTES]
    assert left_behind(folder) == []


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("b" * SIZE_BYTES)
    other.rename(path)


def overwrite(path: Path) -> None:
    path.write_text("b" * SIZE_BYTES)


def shorten(path: Path) -> None:
    os.truncate(path, SIZE_BYTES - 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (replace, {"SourceChangedError"}),
        pytest.param(overwrite, {"SourceChangedError"}, marks=pytest.mark.slow),
        pytest.param(shorten, {"SourceChangedError", "TruncatedDownloadError"}, marks=pytest.mark.slow),
        (Path.unlink, {"NotFoundError"}),
    ],
)
def test_a_source_that_changes_or_vanishes_while_it_is_copied_is_an_error_and_nothing_is_kept(
    folder: Path, tmp_path: Path, change: Callable[[Path], None], error: set[str]
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("a" * SIZE_BYTES)
    ready = tmp_path / "ready"
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        run = pool.submit(open_object_slowly, str(folder), str(source), "a", str(ready))
        wait_until(ready.exists)
        change(source / "a")
        assert run.result(LATEST_SECONDS) in error
        assert objects_of(folder) == left_behind(folder) == []
        if (source / "a").exists():
            again = pool.submit(open_object_slowly, str(folder), str(source), "a", str(ready))
            assert again.result(LATEST_SECONDS) == (source / "a").read_text()


def test_when_the_loader_is_killed_in_the_middle_of_a_copy_the_next_takes_over_at_once(
    folder: Path, log: Path, start: Callable[..., Any]
) -> None:
    loader = start(open_slowly, folder, log, "a", SIZE_BYTES)
    wait_until(lambda: any(path.stat().st_size for path in left_behind(folder)))
    files = NodeFileCache(folder, max_bytes=1 << 30)
    kill(loader)
    began = time.monotonic()
    assert opened(files, log, "a") == body_of("a", SIZE_BYTES)
    assert time.monotonic() - began < 2, "the source alone would have taken the first one ten seconds"
    assert fetches(log) == {"a": 2}
    assert left_behind(folder) == [], "the half copy was swept"


def test_who_waits_for_a_loader_that_is_killed_gets_the_file_too(
    folder: Path, log: Path, start: Callable[..., Any]
) -> None:
    loader = start(open_slowly, folder, log, "a", SIZE_BYTES)
    wait_until(lambda: left_behind(folder))
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        runs = [pool.submit(open_all, str(folder), str(log), ["a"], SIZE_BYTES, 1 << 30) for _ in range(2)]
        time.sleep(0.5)
        kill(loader)
        assert [run.result(LATEST_SECONDS) for run in runs] == [0, 0]
    assert fetches(log) == {"a": 2}


def test_a_killed_reader_leaves_a_link_that_the_next_process_sweeps(
    folder: Path, log: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    reader = start(hold_lease, folder, log, "a", SIZE_BYTES, tmp_path / "ready")
    wait_until(lambda: (tmp_path / "ready").exists() and (tmp_path / "ready").read_text())
    link = Path((tmp_path / "ready").read_text())
    files = NodeFileCache(folder, max_bytes=1 << 30)
    opened(files, log, "a")
    assert link.exists(), "the reader lives"
    kill(reader)
    opened(NodeFileCache(folder, max_bytes=1 << 30), log, "a")
    assert not link.exists()
    assert fetches(log) == {"a": 1}
    assert files.statistics_of_all().fetches == 1, "the counts of the dead are kept"


def test_a_killed_process_is_swept_although_a_child_it_forked_lives(
    folder: Path, log: Path, tmp_path: Path, start: Callable[..., Any]
) -> None:
    ready, child = tmp_path / "ready", tmp_path / "child"
    reader = start(hold_lease_and_fork, folder, log, "a", SIZE_BYTES, ready, child)
    wait_until(lambda: ready.exists() and ready.read_text())
    kill(reader)
    try:
        opened(NodeFileCache(folder, max_bytes=1 << 30), log, "a")
        assert not Path(ready.read_text()).exists()
        assert fetches(log) == {"a": 1}
    finally:
        os.kill(int(child.read_text()), signal.SIGKILL)


@pytest.mark.parametrize("after", ["unlink", "rename", "half a slot"])
def test_when_the_evictor_is_killed_the_next_finds_index_and_files_in_agreement(
    folder: Path, log: Path, tmp_path: Path, start: Callable[..., Any], after: str
) -> None:
    files = NodeFileCache(folder, max_bytes=SIZE_BYTES)
    for number in range(4):
        opened(files, log, str(number), SIZE_BYTES // 4)
    evictor = start(evict_and_hang, folder, log, SIZE_BYTES, tmp_path / "ready", after)
    wait_until((tmp_path / "ready").exists)
    kill(evictor)
    for number in range(4, 5):
        assert opened(files, log, str(number), SIZE_BYTES // 4) == body_of(str(number), SIZE_BYTES // 4)
    on_disk = sum(path.stat().st_size for path in objects_of(folder))
    assert on_disk == files.size_bytes() <= SIZE_BYTES


def spoil_lost(index: Path) -> None:
    index.unlink()


def spoil_cut(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:30])


def spoil_garbage(index: Path) -> None:
    index.write_bytes(os.urandom(index.stat().st_size))


def spoil_slots(index: Path) -> None:
    raw = bytearray(index.read_bytes())
    for position in range(64, len(raw), 40):
        if raw[position : position + 16] != bytes(16):
            raw[position + 16 : position + 40] = os.urandom(24)
    index.write_bytes(raw)


def spoil_emptied(index: Path) -> None:
    raw = index.read_bytes()
    index.write_bytes(raw[:64] + bytes(len(raw) - 64))


@pytest.mark.parametrize("spoil", [spoil_lost, spoil_cut, spoil_garbage, spoil_slots, spoil_emptied])
def test_a_lost_or_torn_index_is_rebuilt_from_the_files(
    folder: Path, log: Path, spoil: Callable[[Path], None]
) -> None:
    uris = [str(number) for number in range(5)]
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        assert pool.submit(open_all, str(folder), str(log), uris, SIZE_BYTES, 1 << 30).result() == 0
    spoil(folder / "layout-1" / "index")
    files = NodeFileCache(folder, max_bytes=1 << 30)
    assert [opened(files, log, uri) for uri in uris] == [body_of(uri, SIZE_BYTES) for uri in uris]
    assert fetches(log) == dict.fromkeys(uris, 1), "nothing was fetched again"
    assert files.size_bytes() == sum(path.stat().st_size for path in objects_of(folder)) == 5 * SIZE_BYTES


def flip_a_bit(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(raw)


def cut_short(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip_a_bit, cut_short])
def test_a_damaged_copy_is_dropped_and_fetched_again(
    folder: Path, log: Path, damage: Callable[[Path], None]
) -> None:
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        assert pool.submit(open_all, str(folder), str(log), ["a"], SIZE_BYTES, 1 << 30).result() == 0
    damage(objects_of(folder)[0])
    files = NodeFileCache(folder, max_bytes=1 << 30)
    for _ in range(2):
        assert opened(files, log, "a") == body_of("a", SIZE_BYTES)
    assert fetches(log) == {"a": 2}
    assert files.statistics().corrupt == 1


def test_a_copy_cut_short_under_a_process_that_knew_it_is_noticed(folder: Path, log: Path) -> None:
    files = NodeFileCache(folder, max_bytes=1 << 30)
    for _ in range(2):
        opened(files, log, "a")
    cut_short(objects_of(folder)[0])
    assert opened(files, log, "a") == body_of("a", SIZE_BYTES)
    assert fetches(log) == {"a": 2}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    mount = tmp_path / "disk"
    mount.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small tmpfs needs root")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode().strip()}")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def test_on_a_full_disk_the_read_goes_to_the_source_and_nothing_fails(small_disk: Path, log: Path) -> None:
    files = NodeFileCache(small_disk / "cache", max_bytes=1 << 30)
    big = 1_500_000
    assert opened(files, log, "fits", big) == body_of("fits", big)
    for _ in range(2):
        fetch = logged_fetch(str(log), "not", big, pieces=10)
        with files.open("not", "1", fetch, size_bytes=big) as lease:
            assert lease.read() == body_of("not", big)
    assert fetches(log) == {"fits": 1, "not": 2}, "no fetch was begun twice"
    assert files.statistics().uncached == 2
    assert [path.stat().st_size for path in objects_of(small_disk / "cache")] == [big]
    assert left_behind(small_disk / "cache") == []


def test_a_disk_that_is_full_before_the_cache_is_made_means_no_cache(small_disk: Path, log: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "filler").write_bytes(bytes(3 << 20))
    files = NodeFileCache(small_disk / "cache", max_bytes=1 << 30)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert opened(files, log, "a") == body_of("a", SIZE_BYTES)


def test_the_cache_may_be_deleted_at_any_moment(folder: Path, log: Path) -> None:
    files = NodeFileCache(folder, max_bytes=1 << 30)
    for expected in range(1, 4):
        for _ in range(2):
            assert opened(files, log, "a") == body_of("a", SIZE_BYTES)
        assert fetches(log) == {"a": expected}
        shutil.rmtree(folder)


def test_the_cache_may_be_deleted_in_the_middle_of_a_download(folder: Path, log: Path) -> None:
    files = NodeFileCache(folder, max_bytes=1 << 30)
    inner = logged_fetch(str(log), "a", SIZE_BYTES)

    def fetch(target: Any) -> None:
        inner(target)
        shutil.rmtree(folder)

    with files.open("a", "1", fetch) as lease:
        assert lease.read() == body_of("a", SIZE_BYTES)
    assert opened(files, log, "a") == body_of("a", SIZE_BYTES)
    assert fetches(log) == {"a": 2}


def test_two_versions_of_the_code_don_t_meet(folder: Path, log: Path) -> None:
    uris = ["a", "b"]
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        for _ in range(2):
            runs = [
                pool.submit(open_all, str(folder), str(log), uris, SIZE_BYTES, 1 << 30),
                pool.submit(open_with_other_layout, str(folder), str(log), uris, SIZE_BYTES),
            ]
            assert [run.result() for run in runs] == [0, 0]
    assert sorted(path.name for path in folder.iterdir()) == ["layout-1", "layout-2"]


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_user_who_may_not_write_there_reads_from_the_source_with_one_warning(
    start: Callable[..., Any],
) -> None:
    folder = Path("/tmp") / f"lakehouse-test-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    try:
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        process = start(
            open_as_nobody, folder / "cache", folder / "open" / "log", folder / "open" / "results"
        )
        process.join(LATEST_SECONDS)
        assert (folder / "open" / "results").read_text() == "True ['CacheUnusableWarning']"
    finally:
        shutil.rmtree(folder)


@pytest.mark.slow
def test_processes_killed_at_random_and_a_cache_deleted_at_random_never_give_a_wrong_byte(
    folder: Path, log: Path, start: Callable[..., Any]
) -> None:
    random_numbers = random.Random(1)
    max_bytes = 60_000
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        runs = [pool.submit(churn, str(folder), str(log), seed, 20.0, max_bytes) for seed in range(2)]
        deadline = time.monotonic() + 18
        while time.monotonic() < deadline:
            victim = start(churn, folder, log, random_numbers.randrange(1000), 60.0, max_bytes)
            time.sleep(0.3 + random_numbers.random() / 2)
            kill(victim)
            if random_numbers.random() < 0.2:
                shutil.rmtree(folder, ignore_errors=True)
        assert [run.result() for run in runs] == [0, 0]
    files = NodeFileCache(folder, max_bytes=max_bytes)
    opened(files, log, "last", 1000)
    assert sum(path.stat().st_size for path in objects_of(folder)) == files.size_bytes() <= max_bytes
    assert left_behind(folder) == []


@pytest.mark.slow
def test_processes_with_different_bounds_that_fork_while_they_fetch_never_hang_nor_give_a_wrong_byte(
    folder: Path, log: Path, start: Callable[..., Any]
) -> None:
    bounds = [60_000, 200_000]
    with ProcessPoolExecutor(2, mp_context=SPAWN) as pool:
        runs = [
            pool.submit(churn_and_fork, str(folder), str(log), seed, 12.0, bound)
            for seed, bound in enumerate(bounds)
        ]
        victim = start(churn_and_fork, folder, log, 77, 60.0, bounds[1])
        time.sleep(4)
        kill(victim)
        assert [run.result(60) for run in runs] == [0, 0]
    files = NodeFileCache(folder, max_bytes=bounds[0])
    opened(files, log, "last", 1000)
    found = [path.stat() for path in objects_of(folder)]
    assert sum(each.st_blocks * 512 for each in found) <= bounds[0]
    assert sum(each.st_size for each in found) == files.size_bytes()
