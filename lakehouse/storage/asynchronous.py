"""The same services to be awaited: natively where the store allows it, by a thread elsewhere."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Protocol, TypeVar, runtime_checkable

from lakehouse.storage.errors import NotFoundError
from lakehouse.storage.interface import CHUNK_BYTES, AbstractStorageService, Body
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, NotThere, ObjectStat, Replaced

__all__ = [
    "AbstractAsyncStorageReader",
    "AbstractAsyncStorageService",
    "ThreadedStorageService",
    "async_twin",
    "attach_outcome",
    "outcome_of_cancelled",
]

T = TypeVar("T")
_KEYS_AT_ONCE = 1000


class AbstractAsyncStorageReader(ABC):
    """``AbstractStorageReader``, promise for promise, to be awaited."""

    @abstractmethod
    async def read(self, key: str) -> bytes: ...

    @abstractmethod
    async def read_range(self, key: str, start: int, length: int) -> bytes: ...

    @abstractmethod
    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]: ...

    @abstractmethod
    async def stat(self, key: str) -> ObjectStat: ...

    @abstractmethod
    def list(self, prefix: str = "", *, start_after: str = "") -> AsyncIterator[ObjectStat]: ...

    @abstractmethod
    def uri(self, key: str = "") -> str: ...

    async def exists(self, key: str) -> bool:
        """Say whether an object has this key."""
        try:
            await self.stat(key)
        except NotFoundError:
            return False
        return True


class AbstractAsyncStorageService(AbstractAsyncStorageReader):
    """``AbstractStorageService``, promise for promise, to be awaited.

    A ``put_if_absent`` that is cancelled looks once more before it gives way: ``outcome_of_cancelled`` says
    what it saw.
    """

    @abstractmethod
    async def write(self, key: str, body: Body) -> ObjectStat: ...

    @abstractmethod
    async def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere: ...

    @abstractmethod
    async def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed: ...

    @abstractmethod
    async def copy(self, source: str, target: str) -> ObjectStat: ...

    @abstractmethod
    async def delete(self, key: str) -> None: ...


class ThreadedStorageService(AbstractAsyncStorageService):
    """Awaits a service that blocks, in threads of the event loop's own."""

    def __init__(self, service: AbstractStorageService) -> None:
        self._service = service

    def __repr__(self) -> str:
        return f"ThreadedStorageService({self._service!r})"

    async def read(self, key: str) -> bytes:
        return await asyncio.to_thread(self._service.read, key)

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        return await asyncio.to_thread(self._service.read_range, key, start, length)

    async def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        parts = await asyncio.to_thread(self._service.stream, key, chunk_bytes=chunk_bytes)
        while part := await asyncio.to_thread(_take, parts, 1):
            yield part[0]

    async def stat(self, key: str) -> ObjectStat:
        return await asyncio.to_thread(self._service.stat, key)

    async def list(self, prefix: str = "", *, start_after: str = "") -> AsyncIterator[ObjectStat]:
        found = await asyncio.to_thread(self._service.list, prefix, start_after=start_after)
        while page := await asyncio.to_thread(_take, found, _KEYS_AT_ONCE):
            for stat in page:
                yield stat

    def uri(self, key: str = "") -> str:
        return self._service.uri(key)

    async def write(self, key: str, body: Body) -> ObjectStat:
        return await asyncio.to_thread(self._service.write, key, body)

    async def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        put = asyncio.ensure_future(asyncio.to_thread(self._service.put_if_absent, key, body))
        try:
            return await asyncio.shield(put)
        except asyncio.CancelledError as cancelled:
            attach_outcome(cancelled, key, await put)  # a thread can't be stopped, but it will end
            raise

    async def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        return await asyncio.to_thread(self._service.replace, key, body, etag=etag)

    async def copy(self, source: str, target: str) -> ObjectStat:
        return await asyncio.to_thread(self._service.copy, source, target)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._service.delete, key)


@runtime_checkable
class _HasTwin(Protocol):
    def async_twin(self) -> AbstractAsyncStorageService: ...


def async_twin(service: AbstractStorageService) -> AbstractAsyncStorageService:
    """Return the service to be awaited, on the same place."""
    return service.async_twin() if isinstance(service, _HasTwin) else ThreadedStorageService(service)


def attach_outcome(
    cancelled: asyncio.CancelledError, key: str, outcome: Created | AlreadyThere | NotThere | None
) -> None:
    """Attach the outcome of the put that a cancellation stopped; None when it is unknown."""
    seen = type(outcome).__name__ if outcome is not None else "unknown"
    cancelled.add_note(f"put_if_absent of {key!r} was cancelled; looked up afterwards: {seen}")
    cancelled.__dict__["put_outcome"] = outcome


def outcome_of_cancelled(error: BaseException | None) -> Created | AlreadyThere | NotThere | None:
    """Return what a cancelled or timed-out ``put_if_absent`` saw when it looked; None when it could not look.

    Takes the CancelledError, or the TimeoutError that ``asyncio.timeout`` made of it. ``Created`` says that
    the put had won. After ``NotThere`` it may still arrive.
    """
    while error is not None:
        if "put_outcome" in error.__dict__:
            outcome: Created | AlreadyThere | NotThere | None = error.__dict__["put_outcome"]
            return outcome
        error = error.__cause__ or error.__context__
    return None


def _take(items: Iterator[T], count: int) -> list[T]:
    return list(islice(items, count))
