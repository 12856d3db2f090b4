"""What can go wrong between a storage service and its store. Every error names the store and the key.

``detail`` is an HTTP status, a code of the store's own, or a kind of failure: never a URL, a header or an
answer's body, because those may carry credentials.
"""

from __future__ import annotations

from lakehouse.errors import ConfigurationError, StorageError

__all__ = [
    "AccessDeniedError",
    "InvalidEndpointError",
    "InvalidKeyError",
    "InvalidRangeError",
    "InvalidStoreNameError",
    "InvalidUriError",
    "NoSuchStoreError",
    "NotFoundError",
    "ObjectChangedError",
    "OutcomeUnknownError",
    "ThrottledError",
    "UnknownSchemeError",
    "UnnameableKeyError",
    "UnreachableError",
    "UnusableProfileError",
]


class NotFoundError(StorageError):
    """No object has this key."""

    def __init__(self, *, store: str, key: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} has no object {key!r}.", fix="list the prefix to see which keys there are."
        )


class NoSuchStoreError(StorageError):
    """The bucket or container itself does not exist."""

    def __init__(self, *, store: str, key: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} does not exist, so {key!r} can't be reached.",
            fix="create the bucket or container first, or check its name and the endpoint.",
        )


class AccessDeniedError(StorageError):
    """The store refused: this process has no right to the key."""

    def __init__(self, *, store: str, key: str, action: str, detail: str = "") -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} refused to {action} {key!r}{_in_brackets(detail)}.",
            fix=f"give this process the right to {action} there, or choose another place.",
        )


class ThrottledError(StorageError):
    """The store asks for fewer requests; waiting and trying again did not help in the time allowed."""

    def __init__(self, *, store: str, key: str, action: str, detail: str = "") -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} is too busy to {action} {key!r}{_in_brackets(detail)}.",
            fix="run fewer tasks at once, spread the keys over more prefixes, or allow retries more time.",
        )


class UnreachableError(StorageError):
    """The store did not answer, or not in time, or only in part."""

    def __init__(self, *, store: str, key: str, action: str, detail: str = "") -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} could not be reached to {action} {key!r}{_in_brackets(detail)}.",
            fix="check the endpoint, the region and the network, or allow more time for retries.",
        )


class OutcomeUnknownError(StorageError):
    """A conditional write got no answer in time: it may have happened, or may happen yet."""

    def __init__(self, *, store: str, key: str, action: str, write_id: str, detail: str = "") -> None:
        self.store = store
        self.key = key
        self.write_id = write_id
        super().__init__(
            f"{store} did not say whether it did {action} {key!r}{_in_brackets(detail)}.",
            fix=f"ask later with settle({key!r}, {write_id!r}), before anything that depends on it.",
        )


class ObjectChangedError(StorageError):
    """An object was replaced or removed while it was streamed: the part read so far is of the old one."""

    def __init__(self, *, store: str, key: str) -> None:
        self.store = store
        self.key = key
        super().__init__(f"{store} has another object {key!r} than when reading began.", fix="read it again.")


class InvalidRangeError(StorageError):
    """A range has a negative start or length."""

    def __init__(self, *, store: str, key: str, start: int, length: int) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} can't read {length} bytes from byte {start} of {key!r}.",
            fix="give a start and a length of 0 or more.",
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


class UnnameableKeyError(StorageError):
    """An object has a key that the store's client can't name, so it can't be listed or read either."""

    def __init__(self, *, store: str, key: str, action: str) -> None:
        self.store = store
        self.key = key
        super().__init__(
            f"{store} could not {action}: the key {key!r} has an empty, '.' or '..' segment, or a control character.",
            fix="rename or delete that object with the store's own tools.",
        )


class InvalidUriError(ConfigurationError):
    """A URI does not name a place in a store. The message repeats nothing that may be a credential."""

    def __init__(self, *, uri: str, reason: str) -> None:
        super().__init__(
            f"The URI {uri!r} does not name a place in a store: {reason}.",
            fix="write a local path, file:///path, s3://bucket/key or "
            "abfss://container@account.dfs.core.windows.net/key; credentials come from the environment.",
        )


class InvalidStoreNameError(ConfigurationError):
    """A bucket, container or account can't have this name. The message does not repeat it: it may be a credential."""

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"The name of the {what} is not allowed.",
            fix="use letters, digits, '-', '_' and '.'; no '/' and no credentials.",
        )


class InvalidEndpointError(ConfigurationError):
    """An endpoint can't be used. The message does not repeat it: it may contain a credential."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The endpoint of the store can't be used: {reason}.",
            fix="give one like http://127.0.0.1:9000; credentials come from the environment.",
        )


class UnusableProfileError(ConfigurationError):
    """AWS's profiles and files exist, but AWS's own library finds no credentials in them."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The profile of AWS gives no credentials ({reason}).",
            fix="check AWS_PROFILE and the files under ~/.aws; `aws sts get-caller-identity` uses the same.",
        )


class UnknownSchemeError(ConfigurationError):
    """No storage service is registered for the scheme of a URI."""

    def __init__(self, *, scheme: str, known: tuple[str, ...]) -> None:
        self.scheme = scheme
        super().__init__(
            f"No storage service is registered for the scheme {scheme!r}; registered: {', '.join(known)}.",
            fix="use one of them, or register a service for it with register_scheme().",
        )


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
