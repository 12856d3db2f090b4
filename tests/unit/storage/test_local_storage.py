"""What only the local store has to care about: links, torn files, syncing, other people's files."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lakehouse.errors import StorageError
from lakehouse.storage import (
    AccessDeniedError,
    AlreadyThere,
    Created,
    InvalidKeyError,
    LocalStorageService,
    NotFoundError,
)
from lakehouse.storage.local_listing import TEMPORARY_PREFIX


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The store's root, beside a folder and a file that are none of its business."""
    (tmp_path / "root" / "inside").mkdir(parents=True)
    (tmp_path / "root" / "inside" / "key").write_bytes(b"ours")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"theirs")
    return tmp_path / "root"


CALLS = {
    "read": lambda store, key: store.read(key),
    "read_range": lambda store, key: store.read_range(key, 0, 1),
    "stream": lambda store, key: list(store.stream(key)),
    "stat": lambda store, key: store.stat(key),
    "write": lambda store, key: store.write(key, b"x"),
    "put_if_absent": lambda store, key: store.put_if_absent(key, b"x"),
    "replace": lambda store, key: store.replace(key, b"x", etag="e"),
    "copy": lambda store, key: store.copy(key, "target"),
    "delete": lambda store, key: store.delete(key),
}
READS = ["read", "read_range", "stream", "stat", "copy"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("depth", ["", "inside/"])
def test_a_folder_that_is_a_link_out_of_the_root_is_refused(root: Path, call: str, depth: str) -> None:
    (root / f"{depth}link").symlink_to(root.parent / "outside")
    with pytest.raises(InvalidKeyError, match=r"out of the root.*Fix:"):
        CALLS[call](LocalStorageService(root), f"{depth}link/secret")
    with pytest.raises(InvalidKeyError):
        LocalStorageService(root).write(f"{depth}link/new/folder/key", b"x")
    assert sorted(os.listdir(root.parent / "outside")) == ["secret"]
    assert (root.parent / "outside" / "secret").read_bytes() == b"theirs"


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("key", ["link", "inside/link"])
def test_a_key_whose_last_segment_is_a_link_out_of_the_root_is_refused(
    root: Path, call: str, key: str
) -> None:
    (root / key).symlink_to(root.parent / "outside" / "secret")
    with pytest.raises(InvalidKeyError, match="out of the root"):
        CALLS[call](LocalStorageService(root), key)


@pytest.mark.parametrize("key", ["link", "inside/link"])
def test_writing_over_a_link_out_of_the_root_replaces_the_link(root: Path, key: str) -> None:
    (root / key).symlink_to(root.parent / "outside" / "secret")
    store = LocalStorageService(root)
    assert store.put_if_absent(key, b"x") == AlreadyThere(key=key)
    store.write(key, b"ours")
    assert store.read(key) == b"ours"
    assert (root.parent / "outside" / "secret").read_bytes() == b"theirs"


def test_deleting_a_link_out_of_the_root_removes_the_link_alone(root: Path) -> None:
    (root / "link").symlink_to(root.parent / "outside" / "secret")
    LocalStorageService(root).delete("link")
    assert not (root / "link").is_symlink()
    assert (root.parent / "outside" / "secret").exists()


def test_links_within_the_root_are_followed(root: Path) -> None:
    (root / "link").symlink_to(root / "inside")
    (root / "inside" / "other").symlink_to(root / "inside" / "key")
    store = LocalStorageService(root)
    assert store.read("link/key") == store.read("inside/other") == b"ours"
    assert [found.key for found in store.list()] == ["inside/key", "inside/other"]


def test_a_listing_shows_nothing_from_outside(root: Path) -> None:
    (root / "file").symlink_to(root.parent / "outside" / "secret")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "nowhere").symlink_to(root / "missing")
    store = LocalStorageService(root)
    assert [found.key for found in store.list()] == ["inside/key"]
    with pytest.raises(InvalidKeyError):
        list(store.list("folder/"))


def test_a_link_that_is_swapped_in_while_reading_leads_nowhere(root: Path) -> None:
    """The check is of what was opened, so there is no moment between checking and opening."""
    store, stop = LocalStorageService(root), threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "inside").rename(root / "away")
            (root / "inside").symlink_to(root.parent / "outside")
            (root / "inside").unlink()
            (root / "away").rename(root / "inside")

    (root.parent / "outside" / "key").write_bytes(b"theirs")
    swapping = threading.Thread(target=swap)
    swapping.start()
    read, deadline = set(), time.monotonic() + 1
    while time.monotonic() < deadline:
        with contextlib.suppress(InvalidKeyError, NotFoundError):
            read.add(store.read("inside/key"))
    stop.set()
    swapping.join()
    assert read <= {b"ours"}
    assert store.read("inside/key") == b"ours"


def test_a_root_that_is_a_link_is_its_target(tmp_path: Path, root: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    assert LocalStorageService(tmp_path / "alias").read("inside/key") == b"ours"


def test_a_root_that_is_not_there_yet_is_made_by_the_first_write(tmp_path: Path) -> None:
    store = LocalStorageService(tmp_path / "new" / "root")
    assert list(store.list()) == []
    assert not store.exists("a/b")
    store.write("a/b", b"x")
    assert (tmp_path / "new" / "root" / "a" / "b").read_bytes() == b"x"


def test_a_stat_opens_the_file_once_and_asks_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, calls = LocalStorageService(root), []
    for name in ("open", "stat", "lstat", "fstat"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name, **more: (calls.append(name), real(*args, **more))[1]
        )
    store.stat("inside/key")
    assert calls == ["open", "fstat"]
    calls.clear()
    with pytest.raises(NotFoundError):
        store.stat("inside")
    assert calls == ["open", "fstat"]


def test_durable_writes_sync_the_file_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fsync(descriptor: int, real=os.fsync) -> None:
        done.append("sync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    for name in ("link", "rename", "mkdir"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name, **more: (done.append(name), real(*args, **more))[1]
        )
    store = LocalStorageService(tmp_path, durable=True)
    store.put_if_absent("new/key", b"x")
    assert done == ["mkdir", "sync folder", "sync file", "link", "sync folder"]
    done.clear()
    etag = store.write("new/key", b"y").etag
    assert done == ["sync file", "rename", "sync folder"]
    done.clear()
    store.replace("new/key", b"z", etag=etag)
    assert done == ["sync file", "rename", "sync folder"]
    done.clear()
    LocalStorageService(tmp_path).put_if_absent("new/other", b"x")
    assert done == ["link"]


def test_a_file_carries_the_moment_it_was_written_finer_than_the_kernels_clock_ticks(tmp_path: Path) -> None:
    """Else two writes of one size within a tick, and of one inode that was freed between, had one ETag."""
    store = LocalStorageService(tmp_path)
    for number in range(50):
        before = time.time_ns()
        store.write("key", b"%02d" % number)
        assert before <= (tmp_path / "key").stat().st_mtime_ns <= time.time_ns()


def test_a_link_whose_answer_nfs_lost_is_a_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server made the link, its answer was lost, and the client's second try says that it exists."""
    real = os.link

    def link(*args, **more) -> None:
        real(*args, **more)
        raise FileExistsError

    monkeypatch.setattr(os, "link", link)
    assert isinstance(LocalStorageService(tmp_path).put_if_absent("key", b"x"), Created)
    assert os.listdir(tmp_path) == ["key"]


def test_no_half_written_file_is_ever_seen(tmp_path: Path) -> None:
    store, stop, torn = LocalStorageService(tmp_path), threading.Event(), []
    bodies = [bytes([number]) * 300_000 for number in range(4)]
    store.write("key", bodies[0])

    def watch() -> None:
        while not stop.is_set():
            torn.extend(body for body in (store.read("key"),) if body not in bodies)
            torn.extend(found for found in store.list() if found.size_bytes != 300_000)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for round_number in range(200):
        store.write("key", bodies[round_number % 4])
        store.put_if_absent(f"log/{round_number}", bodies[round_number % 4])
    stop.set()
    watcher.join()
    assert torn == []


def test_a_killed_writer_leaves_nothing_visible(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from lakehouse.storage import LocalStorageService\n"
        "def parts():\n"
        "    yield b'x' * 100_000\n"
        "    os.kill(os.getpid(), 9)\n"
        "LocalStorageService(sys.argv[1]).write('folder/key', parts())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert [name.startswith(TEMPORARY_PREFIX) for name in os.listdir(tmp_path / "folder")] == [True]
    store = LocalStorageService(tmp_path)
    assert list(store.list()) == []
    assert isinstance(store.put_if_absent("folder/key", b"x"), Created)


def test_of_many_processes_exactly_one_wins(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from lakehouse.storage import Created, LocalStorageService\n"
        "store = LocalStorageService(sys.argv[1])\n"
        "sys.stdin.readline()\n"
        "won = [n for n in range(300) if isinstance(store.put_if_absent(f'log/{n}', b'same'), Created)]\n"
        "print(json.dumps(won))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    won = [number for writer in writers for number in json.loads(writer.communicate()[0])]
    assert sorted(won) == list(range(300))


def test_a_file_where_a_folder_is_needed_is_an_error_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    store = LocalStorageService(tmp_path)
    for put in (store.write, store.put_if_absent):
        with pytest.raises(StorageError, match=r"'taken/key'.*directory.*Fix:"):
            put("taken/key", b"x")
        with pytest.raises(StorageError, match=r"'folder'.*directory.*Fix:"):
            put("folder", b"x")


def test_a_pipe_or_socket_in_the_root_stops_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    store = LocalStorageService(tmp_path)
    assert list(store.list()) == []
    with pytest.raises(NotFoundError):
        store.read("pipe")


def test_a_refusal_by_the_file_system_is_an_access_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args, **more) -> int:
        raise PermissionError(13, "Permission denied")

    store = LocalStorageService(root)
    monkeypatch.setattr(os, "open", refuse)
    for call, action in (("read", "read"), ("write", "write"), ("delete", "delete")):
        with pytest.raises(AccessDeniedError, match=rf"refused to {action} 'inside/key'.*Fix:"):
            CALLS[call](store, "inside/key")
    with pytest.raises(AccessDeniedError, match="refused to list"):
        list(store.list())


def test_a_full_disk_is_an_error_that_says_so_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match=r"'key': No space left on device.*Fix:"):
        LocalStorageService(tmp_path).write("key", b"x")
    assert os.listdir(tmp_path) == []


def test_no_file_is_left_open(root: Path) -> None:
    store = LocalStorageService(root)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        for call in CALLS.values():
            with contextlib.suppress(StorageError):
                call(store, "inside/key")
                call(store, "missing/key")
        next(store.stream("missing/key") if store.exists("missing/key") else iter([b""]))
        next(iter(store.list()), None)
    assert len(os.listdir("/proc/self/fd")) == before


ODD_NAMES = ["dot./b.", "tab\there", "line\nbreak", "back\\slash", "long " + "x" * 245, "\x7f"]


@pytest.mark.parametrize("key", ODD_NAMES)
def test_what_others_named_by_their_own_rules_is_read_listed_and_deleted(tmp_path: Path, key: str) -> None:
    (tmp_path / key).parent.mkdir(exist_ok=True)
    (tmp_path / key).write_bytes(b"theirs")
    store = LocalStorageService(tmp_path)
    assert [found.key for found in store.list()] == [key]
    assert (store.read(key), store.read_range(key, 1, 2), store.stat(key).size_bytes) == (b"theirs", b"he", 6)
    store.delete(key)
    assert not (tmp_path / key).exists()


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("key", ["link", "folder/secret"])
def test_links_out_of_the_root_are_followed_where_that_is_asked_for(root: Path, call: str, key: str) -> None:
    (root / "link").symlink_to(root.parent / "outside" / "secret")
    (root / "folder").symlink_to(root.parent / "outside")
    store = LocalStorageService(root, links_may_leave=True)
    CALLS[call](store, key)
    assert store.read(key) == b"theirs"
