"""Which keys a storage service takes: the same ones on every store, so that data can move between them.

What others named by their own rules can be read, listed and deleted: it is there already.
"""

from __future__ import annotations

import re

from lakehouse.storage.errors import InvalidKeyError, InvalidRangeError

__all__ = [
    "MAX_KEY_BYTES",
    "MAX_SEGMENT_BYTES",
    "check_existing_key",
    "check_key",
    "check_prefix",
    "check_range",
]

MAX_KEY_BYTES = 1000
"""In UTF-8. Amazon S3 takes 1,024 with the service's own prefix, Azure 1,024 characters."""
MAX_SEGMENT_BYTES = 200
"""In UTF-8. File systems take 255 for a name, and Hadoop puts names of its own around ours."""

_BAD_SEGMENT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_BAD_CHARACTER = re.compile("[\x00-\x1f\x7f\\\\\ud800-\udfff]")
_IMPOSSIBLE = re.compile("[\x00\\ud800-\\udfff]")
_PLAIN = re.compile(r"(?:[\w=%+-][\w=%+. -]{0,47}(?<!\.)/)*[\w=%+-][\w=%+. -]{0,47}(?<!\.)", re.ASCII)
"""Matches most keys, which can break no rule: they are checked in one step."""


def check_key(key: str, *, store: str) -> None:
    """Raise InvalidKeyError unless ``key`` is relative, whole, portable, and can't lead upwards."""
    if len(key) < MAX_KEY_BYTES and _PLAIN.fullmatch(key):
        return
    if _BAD_SEGMENT.search(key):
        raise InvalidKeyError(store=store, key=key, reason="it has an empty, '.' or '..' segment")
    _check_characters_and_length(key, store)


def check_existing_key(key: str, *, store: str) -> None:
    """Raise InvalidKeyError for a key that could lead upwards, or that no store can hold."""
    if len(key) < MAX_KEY_BYTES and _PLAIN.fullmatch(key):
        return
    if _BAD_SEGMENT.search(key):
        raise InvalidKeyError(store=store, key=key, reason="it has an empty, '.' or '..' segment")
    if _IMPOSSIBLE.search(key):
        raise InvalidKeyError(store=store, key=key, reason="it has a null character or half a surrogate pair")


def check_prefix(prefix: str, *, store: str) -> None:
    """Raise InvalidKeyError unless ``prefix`` can begin a key; its last segment may be unfinished."""
    whole, slash, _ = prefix.rpartition("/")
    if slash:
        check_existing_key(whole, store=store)


def check_range(key: str, start: int, length: int, *, store: str) -> None:
    """Raise InvalidRangeError unless both numbers are 0 or more."""
    if start < 0 or length < 0:
        raise InvalidRangeError(store=store, key=key, start=start, length=length)


def _check_characters_and_length(key: str, store: str) -> None:
    if _BAD_CHARACTER.search(key):
        reason = "it has a control character, a backslash or half a surrogate pair"
        raise InvalidKeyError(store=store, key=key, reason=reason)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise InvalidKeyError(store=store, key=key, reason=f"it is longer than {MAX_KEY_BYTES} bytes")
    for segment in key.split("/"):
        if segment.endswith("."):
            # Azure drops dots at the end of a segment, so two keys would be one.
            raise InvalidKeyError(store=store, key=key, reason="a segment of it ends in '.'")
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            raise InvalidKeyError(store=store, key=key, reason=f"a segment is over {MAX_SEGMENT_BYTES} bytes")
