"""What every storage service promises: bytes by key, one atomic way to create, listing by key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.storage.errors import NotFoundError

__all__ = ["AbstractStorageReader", "AbstractStorageService", "AlreadyThere", "Created", "ObjectStat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStat:
    """What a store knows about one object without reading it."""

    key: str
    size_bytes: int
    modified_ms: int
    """Milliseconds since the epoch, by the store's clock; not unique, not monotonic."""
    etag: str
    """Changes whenever the content changes; opaque."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The object is there, and this call made it."""

    stat: ObjectStat


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyThere:
    """Somebody else's object holds the key; it was not touched."""

    key: str


class AbstractStorageReader(ABC):
    """Reading, apart from writing: who holds only this can't change anything.

    Keys are relative, ``/``-separated, and never start with ``/``; they are compared by their UTF-8 bytes.
    """

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Return the whole object. Raises NotFoundError."""

    @abstractmethod
    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return at most ``length`` bytes from byte ``start``; fewer only at the object's end."""

    @abstractmethod
    def stat(self, key: str) -> ObjectStat:
        """Return size, time and ETag. Raises NotFoundError."""

    @abstractmethod
    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        """Yield the objects whose key starts with ``prefix`` and sorts after ``start_after``, by key."""

    @abstractmethod
    def uri(self, key: str = "") -> str:
        """Return the URI by which Spark finds the same object (``file:``, ``s3a:``, ``abfss:``)."""

    def exists(self, key: str) -> bool:
        """Say whether an object has this key."""
        try:
            self.stat(key)
        except NotFoundError:
            return False
        return True


class AbstractStorageService(AbstractStorageReader):
    """A reader that also writes. A program that works on one service works on each of them."""

    @abstractmethod
    def write(self, key: str, body: bytes) -> ObjectStat:
        """Write the whole object over what was there; a reader sees the old or the new, never a part."""

    @abstractmethod
    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        """Create the object, whole or not at all: of N writers of one key exactly one gets Created."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove the object; a key that is not there is fine."""
