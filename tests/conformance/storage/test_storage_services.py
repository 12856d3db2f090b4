"""What every storage service promises about single objects; each of them runs all of it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator

import pytest

from lakehouse.storage import (
    CHUNK_BYTES,
    AbstractStorageReader,
    AbstractStorageService,
    InvalidRangeError,
    NotFoundError,
    ObjectChangedError,
)

BODIES = [b"", b"x", b"0123456789" * 1000, bytes(range(256))]


@pytest.mark.parametrize("body", BODIES)
def test_what_was_written_is_read_back(store: AbstractStorageService, body: bytes) -> None:
    store.write("folder/key", body)
    assert store.read("folder/key") == body
    assert b"".join(store.stream("folder/key")) == body


def test_writing_again_replaces_the_whole(store: AbstractStorageService) -> None:
    store.write("key", b"the longer first body")
    store.write("key", b"second")
    assert store.read("key") == b"second"


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 4), (3, 4), (7, 100), (9, 1), (10, 5), (20, 5), (0, 0), (4, 0), (0, 10), (0, 11)],
)
def test_a_range_is_a_slice_cut_at_the_objects_end(
    store: AbstractStorageService, start: int, length: int
) -> None:
    body = b"0123456789"
    store.write("key", body)
    assert store.read_range("key", start, length) == body[start : start + length]


def test_a_range_of_an_empty_object_is_empty(store: AbstractStorageService) -> None:
    store.write("key", b"")
    assert store.read_range("key", 0, 10) == b""


@pytest.mark.parametrize(("start", "length"), [(-1, 5), (0, -1)])
def test_a_negative_range_is_refused(store: AbstractStorageService, start: int, length: int) -> None:
    store.write("key", b"0123456789")
    with pytest.raises(InvalidRangeError, match=r"'key'.*Fix:"):
        store.read_range("key", start, length)


def test_a_stream_comes_in_chunks_that_make_up_the_object(store: AbstractStorageService) -> None:
    body = os.urandom(2500)
    store.write("key", body)
    chunks = list(store.stream("key", chunk_bytes=1000))
    assert [len(chunk) for chunk in chunks] == [1000, 1000, 500]
    assert b"".join(chunks) == body


def test_a_stream_never_mixes_two_versions(store: AbstractStorageService) -> None:
    store.write("key", b"a" * 3000)
    chunks = store.stream("key", chunk_bytes=1000)
    got = [next(chunks)]
    store.write("key", b"b" * 3000)
    try:
        got.extend(chunks)
    except ObjectChangedError as error:
        assert "'key'" in str(error)  # noqa: PT017 - either outcome is right
    assert set(b"".join(got)) == {ord("a")}


def test_a_large_body_goes_in_parts_and_comes_back_whole(store: AbstractStorageService) -> None:
    body = os.urandom(1024) * (2 * CHUNK_BYTES // 1024 + 3)
    store.write("large", body)
    assert store.stat("large").size_bytes == len(body)
    digest = hashlib.sha256()
    for chunk in store.stream("large"):
        digest.update(chunk)
    assert digest.digest() == hashlib.sha256(body).digest()


def test_a_body_may_come_in_parts_of_any_size(store: AbstractStorageService) -> None:
    parts = [b"", b"abc", b"d" * 100_000, b"", b"e"]
    assert store.write("parts", iter(parts)).size_bytes == 100_004
    assert store.read("parts") == b"".join(parts)


def test_a_body_that_breaks_off_leaves_what_was_there(store: AbstractStorageService) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"new" * 3_000_000
        raise RuntimeError("the source broke")

    store.write("key", b"old")
    with pytest.raises(RuntimeError, match="the source broke"):
        store.write("key", breaking())
    assert store.read("key") == b"old"
    assert [stat.key for stat in store.list()] == ["key"]


def test_stat_tells_size_time_and_an_etag_that_listing_and_writing_tell_too(
    store: AbstractStorageService,
) -> None:
    written = store.write("folder/key", b"0123456789")
    stat = store.stat("folder/key")
    assert (stat.key, stat.size_bytes) == ("folder/key", 10)
    assert abs(stat.modified_ms - time.time() * 1000) < 60_000
    assert list(store.list("folder/")) == [stat]
    assert (written.key, written.size_bytes, written.etag) == (stat.key, stat.size_bytes, stat.etag)


def test_an_etag_changes_with_the_content_and_only_then(store: AbstractStorageService) -> None:
    seen = set()
    for number in range(20):
        store.write("key", b"same size %02d" % number)
        etag = store.stat("key").etag
        assert store.stat("key").etag == etag
        seen.add(etag)
    assert len(seen) == 20


def test_a_copy_has_the_content_and_replaces_what_was_there(store: AbstractStorageService) -> None:
    store.write("from/a key", b"content")
    store.write("to/a#key", b"something longer that was there")
    copied = store.copy("from/a key", "to/a#key")
    assert store.read("to/a#key") == store.read("from/a key") == b"content"
    assert copied == store.stat("to/a#key")


def test_a_key_that_is_not_there_is_an_error_that_names_store_and_key(store: AbstractStorageService) -> None:
    asks = [
        store.read,
        store.stat,
        lambda key: store.read_range(key, 0, 1),
        lambda key: store.read_range(key, 0, 0),
        lambda key: list(store.stream(key)),
        lambda key: store.copy(key, "target"),
    ]
    for ask in asks:
        with pytest.raises(NotFoundError, match=r"Service\(.*'none'.*Fix:") as caught:
            ask("none")
        assert caught.value.key == "none"
    assert not store.exists("none")


def test_a_prefix_is_not_an_object(store: AbstractStorageService) -> None:
    store.write("folder/key", b"x")
    assert not store.exists("folder")
    with pytest.raises(NotFoundError):
        store.read("folder")


def test_deleting_twice_is_fine(store: AbstractStorageService) -> None:
    store.write("folder/key", b"x")
    store.delete("folder/key")
    store.delete("folder/key")
    store.delete("never/was")
    assert not store.exists("folder/key")
    assert list(store.list()) == []


def test_a_reader_can_not_write() -> None:
    writing = {"write", "put_if_absent", "replace", "copy", "delete"}
    assert not writing & set(dir(AbstractStorageReader))
    assert writing <= AbstractStorageService.__abstractmethods__
