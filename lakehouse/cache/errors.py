"""What can go wrong in a cache or its locks."""

from __future__ import annotations

from lakehouse.errors import ConfigurationError, LakehouseError

__all__ = [
    "CacheBoundError",
    "CacheError",
    "CacheSettingError",
    "CacheUnusableWarning",
    "InvalidDurationError",
    "InvalidSizeError",
    "LoadTimeoutError",
    "LockMisuseError",
    "LockTimeoutError",
    "NothingToEvictError",
    "RecursiveLoadError",
    "SingleUseValueError",
    "SourceChangedError",
    "TruncatedDownloadError",
    "UnknownSizeError",
    "ValueTooLargeError",
]


class CacheError(LakehouseError):
    """A cache was asked for something it can't do."""


class CacheBoundError(CacheError):
    """A cache was made without a bound, or with one that holds nothing."""

    def __init__(self, *, bound: str, value: object) -> None:
        self.bound = bound
        super().__init__(
            f"{bound} is {value!r}; a cache needs a bound of at least 1.",
            fix="give max_entries=, max_bytes=, or both, as positive whole numbers.",
        )


class InvalidDurationError(CacheError):
    """A time to live or a time-out is not a number of seconds above 0: the cache would never hit, or never wait."""

    def __init__(self, *, option: str, value: object) -> None:
        self.option = option
        self.value = value
        super().__init__(
            f"{option} is {value!r}; expected a number of seconds above 0.",
            fix=f"give {option} as an int or a float above 0, or None for no limit.",
        )


class InvalidSizeError(CacheError):
    """``sizeof`` returned something that is not a size: the bound by bytes would not hold."""

    def __init__(self, *, key: object, size: object) -> None:
        self.key = key
        self.size = size
        super().__init__(
            f"sizeof returned {size!r} for the value of {key!r}; expected a whole number of at least 0.",
            fix="let sizeof return the value's bytes as an int.",
        )


class SingleUseValueError(CacheError):
    """A loader or a fetch returned an iterator or a coroutine: the second reader would find nothing in it."""

    def __init__(self, *, what: str, found: str, fix: str) -> None:
        super().__init__(f"{what} {found}, which can be used only once.", fix=fix)


class ValueTooLargeError(CacheError):
    """A value is larger than the whole cache; the cache stays unchanged."""

    def __init__(self, *, key: object, size_bytes: int, max_bytes: int) -> None:
        self.key = key
        self.size_bytes = size_bytes
        self.max_bytes = max_bytes
        super().__init__(
            f"The value of {key!r} has {size_bytes} bytes, the whole cache holds {max_bytes}.",
            fix="raise max_bytes, or don't cache this value.",
        )


class UnknownSizeError(CacheError):
    """A cache bound by bytes can't tell how large a value is."""

    def __init__(self, *, value: object) -> None:
        self.type_name = type(value).__qualname__
        super().__init__(
            f"A value of type {self.type_name} does not say how many bytes it takes.",
            fix="give the cache sizeof=, a function from a value to its bytes.",
        )


class RecursiveLoadError(CacheError):
    """A loader asked, itself or through other threads' loaders, for the key that it is loading."""

    def __init__(self, *, key: object) -> None:
        self.key = key
        super().__init__(
            f"The loader of {key!r} needs {key!r} itself: waiting for it would never end.",
            fix="let loaders depend on other keys only, and never in a circle.",
        )


class LoadTimeoutError(CacheError):
    """Another thread loads the same key, and did not finish within the time-out; its load goes on."""

    def __init__(self, *, key: object, timeout_seconds: float) -> None:
        self.key = key
        self.timeout_seconds = timeout_seconds
        super().__init__(
            f"Another thread has been loading {key!r} for more than {timeout_seconds:g} s.",
            fix="let no loader wait for a thread that needs its key, or give a longer load_timeout_seconds.",
        )


class NothingToEvictError(CacheError):
    """An eviction policy that tracks no key was asked to give one up."""

    def __init__(self, *, policy: str) -> None:
        super().__init__(f"{policy} tracks no key.", fix="call track_access(key) before evict_key().")


class LockMisuseError(CacheError):
    """A thread asked a read-write lock for something it would never get, or released a lock it does not hold."""

    def __init__(self, *, asked: str, held: str, fix: str) -> None:
        self.asked = asked
        self.held = held
        super().__init__(f"This thread asked to {asked} while it holds {held}.", fix=fix)


class LockTimeoutError(CacheError):
    """A lock was not free within the time given."""

    def __init__(self, *, asked: str, timeout_seconds: float) -> None:
        self.asked = asked
        self.timeout_seconds = timeout_seconds
        super().__init__(
            f"Could not {asked} within {timeout_seconds:g} s: other threads hold the lock.",
            fix="give a longer timeout_seconds, or hold the lock for shorter.",
        )


class TruncatedDownloadError(CacheError):
    """A fetch brought a different number of bytes than the file has; nothing was cached."""

    def __init__(self, *, uri: str, expected_bytes: int, fetched_bytes: int) -> None:
        self.uri = uri
        self.expected_bytes = expected_bytes
        self.fetched_bytes = fetched_bytes
        super().__init__(
            f"Fetching {uri!r} brought {fetched_bytes} bytes of {expected_bytes}.",
            fix="try again; if it happens again, the source or the size given for it is wrong.",
        )


class SourceChangedError(CacheError):
    """A file was changed at its source while it was copied; nothing was cached."""

    def __init__(self, *, uri: str, expected_version: str, found_version: str) -> None:
        self.uri = uri
        self.expected_version = expected_version
        self.found_version = found_version
        super().__init__(
            f"{uri!r} changed while it was copied: version {expected_version!r} became {found_version!r}.",
            fix="open it again, by its new version.",
        )


class CacheSettingError(ConfigurationError):
    """A setting of the node's cache has a value that can't be used."""

    def __init__(self, *, key: str, value: str, expected: str) -> None:
        self.key = key
        self.value = value
        super().__init__(f"{key} is {value!r}; expected {expected}.", fix=f"set it to {expected}.")


class CacheUnusableWarning(UserWarning):
    """The folder of a node's cache can't be used: files come from their source each time."""
