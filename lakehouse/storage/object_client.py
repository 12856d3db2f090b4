"""One request to an object store, answered in values and in errors of this package.

``ObjectClient`` has the requests that block, ``AsyncObjectClient`` the same ones to be awaited. Neither tries
again: ``object_steps`` does, written once for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from lakehouse.storage.outcomes import ObjectStat

__all__ = ["AsyncObjectClient", "Found", "ObjectClient", "Part"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object in the store, with the mark of its writer."""

    stat: ObjectStat
    write_id: str
    """The mark that a conditional put carried; empty when the object was written in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A range of an object, with the object's ETag and size."""

    body: bytes
    etag: str
    size_bytes: int
    """Of the whole object."""


class ObjectClient(Protocol):
    """Raises NotFoundError, NoSuchStoreError, AccessDeniedError, ThrottledError or UnreachableError."""

    def get(self, key: str) -> bytes: ...

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        """Return a range of the object with this ETag; of any object when it is empty. Raises ObjectChangedError."""
        ...

    def head(self, key: str) -> Found | None: ...

    def put(self, key: str, body: bytes | Iterable[bytes]) -> str:
        """Write the object, over any that exists; return the new ETag."""
        ...

    def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None:
        """Write if the object has the ETag; with an empty ETag, if no object exists.

        Return the new ETag, or None where the store says that the condition doesn't hold.
        """
        ...

    def copy(self, source: str, target: str) -> None: ...

    def delete(self, key: str) -> None: ...

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        """Return the objects below a folder, in any order. ``start_after`` may be ignored."""
        ...

    def sleep(self, seconds: float) -> None: ...


class AsyncObjectClient(Protocol):
    """``ObjectClient``, to be awaited."""

    async def get(self, key: str) -> bytes: ...

    async def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part: ...

    async def head(self, key: str) -> Found | None: ...

    async def put(self, key: str, body: bytes | Iterable[bytes]) -> str: ...

    async def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None: ...

    async def copy(self, source: str, target: str) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def list(self, folder: str, *, start_after: str) -> list[ObjectStat]: ...

    async def sleep(self, seconds: float) -> None: ...
