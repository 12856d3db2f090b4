"""What every storage service promises; each of them runs all of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lakehouse.errors import StorageError
from lakehouse.storage import (
    AbstractStorageService,
    AlreadyThere,
    Created,
    InvalidKeyError,
    LocalStorageService,
    NotFoundError,
)

KEYS = ["a b", "per%20cent", "hash#tag", "grüße/日本", "deep/er/key", "deep-er"]


def test_what_was_written_is_read_back(store: AbstractStorageService) -> None:
    for key in KEYS:
        store.write(key, key.encode())
    assert [store.read(key) for key in KEYS] == [key.encode() for key in KEYS]


def test_a_listing_is_in_the_order_of_the_keys_bytes(store: AbstractStorageService) -> None:
    for key in KEYS:
        store.write(key, b"x")
    assert [stat.key for stat in store.list()] == sorted(KEYS, key=str.encode)


def test_a_listing_takes_a_prefix_that_ends_within_a_segment(store: AbstractStorageService) -> None:
    for key in KEYS:
        store.write(key, b"x")
    assert [stat.key for stat in store.list("deep")] == ["deep-er", "deep/er/key"]


def test_a_listing_starts_after_a_key(store: AbstractStorageService) -> None:
    for number in range(5):
        store.write(f"log/{number}", b"x")
    assert [stat.key for stat in store.list("log/", start_after="log/2")] == ["log/3", "log/4"]


def test_a_range_is_cut_at_the_end_of_the_object(store: AbstractStorageService) -> None:
    store.write("key", b"0123456789")
    assert store.read_range("key", 7, 100) == b"789"


def test_a_key_that_is_not_there_is_an_error_that_names_it(store: AbstractStorageService) -> None:
    for ask in (store.read, store.stat):
        with pytest.raises(NotFoundError, match=r"'none'.*Fix:"):
            ask("none")
    assert not store.exists("none")


def test_deleting_twice_is_fine(store: AbstractStorageService) -> None:
    store.write("key", b"x")
    store.delete("key")
    store.delete("key")
    assert not store.exists("key")


def test_the_second_put_gets_a_value_and_changes_nothing(store: AbstractStorageService) -> None:
    assert isinstance(store.put_if_absent("key", b"first"), Created)
    assert store.put_if_absent("key", b"second") == AlreadyThere(key="key")
    assert store.read("key") == b"first"
    assert [stat.key for stat in store.list()] == ["key"]


def test_of_eight_writers_exactly_one_wins_every_round(store: AbstractStorageService) -> None:
    for version in range(25):
        key, outcomes, barrier = f"log/{version}", {}, threading.Barrier(8)

        def put(
            writer: int, key: str = key, barrier: threading.Barrier = barrier, outcomes: dict = outcomes
        ) -> None:
            barrier.wait()
            outcomes[writer] = store.put_if_absent(key, str(writer).encode())

        threads = [threading.Thread(target=put, args=(writer,)) for writer in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        winners = [writer for writer, outcome in outcomes.items() if isinstance(outcome, Created)]
        assert len(outcomes) == 8
        assert [store.read(key)] == [str(winner).encode() for winner in winners]


@pytest.mark.parametrize("key", ["", "/absolute", "../out", "a/../../out", "a//b", "."])
def test_a_key_that_would_leave_the_root_is_refused(store: AbstractStorageService, key: str) -> None:
    with pytest.raises(InvalidKeyError, match="Fix:"):
        store.write(key, b"x")


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidKeyError, match="out of the root"):
        LocalStorageService(tmp_path / "root").write("link/key", b"x")


def test_a_file_where_a_folder_is_needed_is_an_error_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"x")
    store = LocalStorageService(tmp_path)
    for put in (store.write, store.put_if_absent):
        with pytest.raises(StorageError, match=r"'taken/key'.*(exists|directory).*Fix:"):
            put("taken/key", b"x")
