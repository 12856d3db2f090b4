"""The service of an object store, to be awaited: the same ``ObjectSteps`` with a client that is awaited."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import TypeVar

from lakehouse.errors import StorageError
from lakehouse.storage.asynchronous import AbstractAsyncStorageService, attach_outcome
from lakehouse.storage.interface import CHUNK_BYTES, Body
from lakehouse.storage.keys import check_existing_key, check_key, check_prefix, check_range
from lakehouse.storage.object_client import AsyncObjectClient
from lakehouse.storage.object_steps import ObjectSteps
from lakehouse.storage.object_store import spark_uri
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, NotThere, ObjectStat, Replaced
from lakehouse.storage.steps import Steps

__all__ = ["AsyncObjectStorageService"]

T = TypeVar("T")


class AsyncObjectStorageService(AbstractAsyncStorageService):
    """``ObjectStorageService``, promise for promise."""

    def __init__(self, client: AsyncObjectClient, *, steps: ObjectSteps, root_uri: str) -> None:
        self._client = client
        self._steps = steps
        self._root_uri = root_uri

    def __repr__(self) -> str:
        return f"async {self._steps.store}"

    async def read(self, key: str) -> bytes:
        self._check(key)
        return await self._run(self._steps.read(key))

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        self._check(key)
        check_range(key, start, length, store=self._steps.store)
        if length == 0:
            await self.stat(key)
            return b""
        return (await self._run(self._steps.read_part(key, start, length))).body

    async def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        self._check(key)
        start, etag = 0, ""
        while True:
            part = await self._run(self._steps.read_part(key, start, chunk_bytes, etag=etag))
            start, etag = start + len(part.body), part.etag
            if part.body:
                yield part.body
            if start >= part.size_bytes:
                return

    async def stat(self, key: str) -> ObjectStat:
        self._check(key)
        return await self._run(self._steps.stat(key))

    async def list(self, prefix: str = "", *, start_after: str = "") -> AsyncIterator[ObjectStat]:
        check_prefix(prefix, store=self._steps.store)
        for stat in await self._run(self._steps.list(prefix, start_after=start_after)):
            yield stat

    def uri(self, key: str = "") -> str:
        if key:
            self._check(key)
        return spark_uri(self._root_uri, key)

    async def write(self, key: str, body: Body) -> ObjectStat:
        self._check_new(key)
        return await self._run(self._steps.write(key, body))

    async def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        self._check_new(key)
        write_id = uuid.uuid4().hex
        try:
            return await self._run(self._steps.put_if_absent(key, body, write_id=write_id))
        except asyncio.CancelledError as cancelled:
            attach_outcome(cancelled, key, await self._look(key, write_id))
            raise

    async def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        self._check_new(key)
        return await self._run(self._steps.replace(key, body, etag=etag, write_id=uuid.uuid4().hex))

    async def settle(self, key: str, write_id: str) -> Created | AlreadyThere | NotThere:
        """Say what became of a write that ended in OutcomeUnknownError, as the store has it now."""
        self._check(key)
        return await self._run(self._steps.settle(key, write_id))

    async def copy(self, source: str, target: str) -> ObjectStat:
        self._check(source)
        self._check_new(target)
        return await self._run(self._steps.copy(source, target))

    async def delete(self, key: str) -> None:
        self._check(key)
        await self._run(self._steps.delete(key))

    async def _look(self, key: str, write_id: str) -> Created | AlreadyThere | NotThere | None:
        """Ask for no longer than one request may take: whoever cancelled us is waiting."""
        try:
            async with asyncio.timeout(self._steps.policy.request_timeout_seconds):
                return await self.settle(key, write_id)
        except (TimeoutError, StorageError):
            return None

    def _check(self, key: str) -> None:
        check_existing_key(key, store=self._steps.store)

    def _check_new(self, key: str) -> None:
        check_key(key, store=self._steps.store)

    async def _run(self, steps: Steps[T]) -> T:
        try:
            request = next(steps)
            while True:
                try:
                    answer = await request(self._client)
                except StorageError as error:
                    request = steps.throw(error)
                else:
                    request = steps.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
