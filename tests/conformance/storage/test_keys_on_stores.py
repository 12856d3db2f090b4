"""Every store takes the same keys, refuses the same, and gives them back as they were."""

from __future__ import annotations

import pytest

from lakehouse.storage import AbstractStorageService, InvalidKeyError
from lakehouse.storage.keys import MAX_KEY_BYTES, MAX_SEGMENT_BYTES

ASCII_1000_BYTES = "/".join(["x" * 199] * 5) + "y"
UNICODE_1000_BYTES = "/".join(["é" * 99 + "z"] * 5) + "y"
KEYS = [
    "a b",
    " leading and trailing ",
    "per%20cent",
    "per cent%",
    "%41",
    "slash%2Fcoded",
    "hash#tag",
    "question?x=1",
    "plus+and&equals=",
    "grüße/日本",
    "emoji/😀",
    "e\u0301 is two characters",
    "quotes'\"`",
    "brackets[a]{b}(c)<d>",
    "rest!$*,:;@^|~",
    ".hidden/..twodots",
    "_delta_log/00000000000000000000.json",
    "date=2026-01-01 00%3A00/part-0.parquet",
    "case",
    "Case",
    ASCII_1000_BYTES,
    UNICODE_1000_BYTES,
]
IMPOSSIBLE = [
    "",
    "/absolute",
    "../out",
    "a/../../out",
    "a/..",
    "..",
    ".",
    "a/./b",
    "a//b",
    "a/",
    "nul\0",
    "half \ud800 surrogate",
]
NOT_PORTABLE = [
    "dot./b",
    "b/dot.",
    "back\\slash",
    "new\nline",
    "\x7f",
    "x" * (MAX_SEGMENT_BYTES + 1),
    "é" * (MAX_SEGMENT_BYTES // 2 + 1),
    ASCII_1000_BYTES + "y",
]


def test_the_long_keys_are_as_long_as_they_may_be() -> None:
    assert [len(key.encode()) for key in (ASCII_1000_BYTES, UNICODE_1000_BYTES)] == [MAX_KEY_BYTES] * 2


def test_every_key_that_is_allowed_names_its_own_object(store: AbstractStorageService) -> None:
    for key in KEYS:
        store.write(key, key.encode())
    assert {key: store.read(key) for key in KEYS} == {key: key.encode() for key in KEYS}
    assert [stat.key for stat in store.list()] == sorted(KEYS, key=str.encode)
    for key in KEYS:
        store.delete(key)
    assert list(store.list()) == []


@pytest.mark.parametrize("key", NOT_PORTABLE)
def test_a_key_that_is_not_portable_is_never_written(store: AbstractStorageService, key: str) -> None:
    store.write("source", b"x")
    for call in (
        lambda key: store.write(key, b"x"),
        lambda key: store.put_if_absent(key, b"x"),
        lambda key: store.replace(key, b"x", etag="e"),
        lambda key: store.copy("source", key),
    ):
        with pytest.raises(InvalidKeyError, match="Fix:"):
            call(key)
    assert [stat.key for stat in store.list()] == ["source"]


@pytest.mark.parametrize("key", IMPOSSIBLE)
def test_a_key_that_is_not_allowed_is_refused_by_every_call(store: AbstractStorageService, key: str) -> None:
    calls = [
        store.read,
        store.stat,
        store.delete,
        store.exists,
        lambda key: store.uri(key) if key else store.read(key),
        lambda key: store.read_range(key, 0, 1),
        lambda key: list(store.stream(key)),
        lambda key: store.write(key, b"x"),
        lambda key: store.put_if_absent(key, b"x"),
        lambda key: store.replace(key, b"x", etag="e"),
        lambda key: store.copy(key, "target"),
        lambda key: store.copy("source", key),
    ]
    store.write("source", b"x")
    for call in calls:
        with pytest.raises(InvalidKeyError, match="Fix:"):
            call(key)
    assert [stat.key for stat in store.list()] == ["source"]
