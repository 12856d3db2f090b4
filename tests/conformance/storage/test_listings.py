"""What every storage service promises about listings, against plain Python over the same keys."""

from __future__ import annotations

import pytest

from lakehouse.storage import AbstractStorageService, InvalidKeyError, ObjectStorageService

KEYS = [
    "deep-er",
    "deep/er/key",
    "deep/er-",
    "deep0",
    "deeper",
    "a b",
    "a/b",
    "a-",
    "a0/x",
    "ä/x",
    "z",
    "log/00000000000000000009.json",
    "log/00000000000000000010.json",
    "log/_last_checkpoint",
    "log2/x",
]
PREFIXES = [
    "",
    "deep",
    "deep/",
    "deep/er",
    "deep/er/",
    "a",
    "a/",
    "log/0000000000000000001",
    "none",
    "no/such/",
    "ä",
]
STARTS = [
    "",
    "a",
    "a/",
    "deep",
    "deep/",
    "deep/er/key",
    "deep/er/key0",
    "log/00000000000000000009.json",
    "zz",
]


@pytest.fixture
def filled(store: AbstractStorageService) -> AbstractStorageService:
    for key in KEYS:
        store.write(key, key.encode())
    return store


def test_a_listing_has_what_starts_with_the_prefix_in_the_order_of_the_keys_bytes(
    filled: AbstractStorageService,
) -> None:
    for prefix in PREFIXES:
        expected = sorted((key for key in KEYS if key.startswith(prefix)), key=str.encode)
        assert [stat.key for stat in filled.list(prefix)] == expected, prefix


def test_a_listing_starts_after_a_key_that_need_not_be_there(filled: AbstractStorageService) -> None:
    for prefix in ("", "deep", "log/"):
        for start in STARTS:
            expected = sorted(
                (key for key in KEYS if key.startswith(prefix) and key.encode() > start.encode()),
                key=str.encode,
            )
            found = [stat.key for stat in filled.list(prefix, start_after=start)]
            assert found == expected, (prefix, start)


def test_a_listing_goes_over_many_pages(store: AbstractStorageService) -> None:
    # The clouds' pages hold 1,000 at most.
    count = 1010 if isinstance(store, ObjectStorageService) else 110
    keys = [f"many/{number * 7919 % count:05}" for number in range(count)]
    for key in keys:
        store.write(key, b"x")
    assert [stat.key for stat in store.list("many/")] == sorted(keys)
    assert [stat.key for stat in store.list("many/", start_after="many/00090")] == sorted(keys)[91:]


def test_a_listing_of_nothing_is_empty(store: AbstractStorageService) -> None:
    assert list(store.list()) == []
    assert list(store.list("folder/", start_after="folder/a")) == []


@pytest.mark.parametrize("prefix", ["../", "/", "a//", "a/../"])
def test_a_prefix_that_no_key_can_have_is_refused(store: AbstractStorageService, prefix: str) -> None:
    with pytest.raises(InvalidKeyError, match="Fix:"):
        list(store.list(prefix))
