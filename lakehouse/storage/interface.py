"""What every storage service promises: bytes by key, two atomic conditional writes, listing by key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from lakehouse.storage.errors import NotFoundError
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, ObjectStat, Replaced

__all__ = ["CHUNK_BYTES", "AbstractStorageReader", "AbstractStorageService", "Body"]

Body: TypeAlias = "bytes | Iterable[bytes]"
"""The content of an object: whole, or in parts of any size that are never all in memory."""

CHUNK_BYTES = 8 * 1024 * 1024
"""How much of a streamed object is in memory at a time."""


class AbstractStorageReader(ABC):
    """Reading, apart from writing: who holds only this can't change anything.

    Keys are relative, ``/``-separated, and never start with ``/``; they are compared by their UTF-8 bytes
    (which is Python's own order of ``str``). Every service takes the same keys, see ``keys``, and can be used
    from many threads. Any call may raise AccessDeniedError, ThrottledError or UnreachableError.
    """

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Return the whole object. Raises NotFoundError."""

    @abstractmethod
    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return at most ``length`` bytes from byte ``start``; fewer only at the object's end."""

    @abstractmethod
    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the whole object in parts, all of one version. Raises NotFoundError, ObjectChangedError."""

    @abstractmethod
    def stat(self, key: str) -> ObjectStat:
        """Return size, time and ETag. Raises NotFoundError."""

    @abstractmethod
    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        """Yield the objects whose key starts with ``prefix`` and sorts after ``start_after``, by key."""

    @abstractmethod
    def uri(self, key: str = "") -> str:
        """Return the URI by which Spark finds the same object (``file:``, ``s3a:``, ``abfss:``).

        It is what Hadoop's ``Path`` takes: nothing in it is percent-encoded. It holds no credentials.
        """

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
    def write(self, key: str, body: Body) -> ObjectStat:
        """Write the whole object over what was there; a reader sees the old or the new, never a part.

        A body that is large, or comes in parts, is sent in parts (multipart).
        """

    @abstractmethod
    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        """Create the object, whole or not at all: of N writers of one key exactly one gets Created.

        Raises OutcomeUnknownError if the store gave no answer in time, not even to the question afterwards.
        """

    @abstractmethod
    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        """Write over the object that has this ETag, and over no other. Raises OutcomeUnknownError."""

    @abstractmethod
    def copy(self, source: str, target: str) -> ObjectStat:
        """Write ``source``'s content to ``target``, over what was there. Raises NotFoundError."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove the object; a key that is not there is fine."""
