"""What can go wrong between a storage service and its store. Every error names the store and the key."""

from __future__ import annotations

from lakehouse.errors import StorageError

__all__ = ["AccessDeniedError", "InvalidKeyError", "NotFoundError"]


class NotFoundError(StorageError):
    """No object has this key."""

    def __init__(self, *, store: str, key: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} has no object {key!r}.", fix="list the prefix to see which keys there are."
        )


class AccessDeniedError(StorageError):
    """The store refused: the rights of this process don't reach the key."""

    def __init__(self, *, store: str, key: str, action: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} refused to {action} {key!r}.",
            fix=f"give this process the right to {action} there, or choose another place.",
        )


class InvalidKeyError(StorageError):
    """The key can't name an object of this store, or would leave its root."""

    def __init__(self, *, store: str, key: str, reason: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} can't hold the key {key!r}: {reason}.",
            fix="use a relative key with '/' between segments, without '.' and '..' segments.",
        )
