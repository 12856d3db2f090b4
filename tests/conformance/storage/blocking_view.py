"""An asynchronous service seen as one that blocks, so that it runs the same conformance suite."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

from lakehouse.storage import (
    CHUNK_BYTES,
    AbstractAsyncStorageService,
    AbstractStorageService,
    AlreadyThere,
    Body,
    Changed,
    Created,
    ObjectStat,
    Replaced,
)

T = TypeVar("T")


class BlockingView(AbstractStorageService):
    """Runs each call on an event loop of its own, in a thread of its own."""

    def __init__(self, service: AbstractAsyncStorageService) -> None:
        self._service = service
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._wait(self._loop.shutdown_asyncgens())
        self._wait(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def read(self, key: str) -> bytes:
        return self._wait(self._service.read(key))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._wait(self._service.read_range(key, start, length))

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        return self._each(self._service.stream(key, chunk_bytes=chunk_bytes))

    def stat(self, key: str) -> ObjectStat:
        return self._wait(self._service.stat(key))

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        return self._each(self._service.list(prefix, start_after=start_after))

    def exists(self, key: str) -> bool:
        return self._wait(self._service.exists(key))

    def uri(self, key: str = "") -> str:
        return self._service.uri(key)

    def write(self, key: str, body: Body) -> ObjectStat:
        return self._wait(self._service.write(key, body))

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        return self._wait(self._service.put_if_absent(key, body))

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        return self._wait(self._service.replace(key, body, etag=etag))

    def copy(self, source: str, target: str) -> ObjectStat:
        return self._wait(self._service.copy(source, target))

    def delete(self, key: str) -> None:
        self._wait(self._service.delete(key))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        async def following() -> list[T]:
            return [item async for item in _first(items)]

        while found := self._wait(following()):
            yield from found


async def _first(items: AsyncIterator[T]) -> AsyncIterator[T]:
    try:
        yield await anext(items)
    except StopAsyncIteration:
        return
