"""Which keys a storage service takes: the same ones on every store."""

from __future__ import annotations

from lakehouse.storage.errors import InvalidKeyError

__all__ = ["check_key"]


def check_key(key: str, *, store: str) -> None:
    """Raise InvalidKeyError unless ``key`` is relative, whole, and can't lead upwards."""
    if "\0" in key or any(segment in {"", ".", ".."} for segment in key.split("/")):
        raise InvalidKeyError(store=store, key=key, reason="it has an empty, '.' or '..' segment, or a NUL")
