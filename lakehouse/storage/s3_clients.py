"""Clients of S3: obstore, and boto3 for what obstore can't name."""

from __future__ import annotations

import asyncio

from lakehouse.storage.boto_client import BotoClient, is_odd
from lakehouse.storage.errors import UnnameableKeyError
from lakehouse.storage.object_client import Found, Part
from lakehouse.storage.obstore_client import AsyncObstoreClient, ObstoreClient, Stores
from lakehouse.storage.outcomes import ObjectStat

__all__ = ["AsyncS3Client", "S3Client"]


class S3Client(ObstoreClient):
    """An ``ObjectClient`` to which every key of S3 is one like any other."""

    def __init__(self, stores: Stores, odd: BotoClient) -> None:
        super().__init__(stores)
        self._odd = odd

    def get(self, key: str) -> bytes:
        return self._odd.get(key) if is_odd(key) else super().get(key)

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        if is_odd(key):
            return self._odd.get_part(key, start, length, etag=etag)
        return super().get_part(key, start, length, etag=etag)

    def head(self, key: str) -> Found | None:
        return self._odd.head(key) if is_odd(key) else super().head(key)

    def delete(self, key: str) -> None:
        return self._odd.delete(key) if is_odd(key) else super().delete(key)

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        try:
            return super().list(folder, start_after=start_after)
        except UnnameableKeyError:
            return self._odd.list(folder, start_after=start_after)


class AsyncS3Client(AsyncObstoreClient):
    """``S3Client``, to be awaited; odd keys by a thread."""

    def __init__(self, stores: Stores, odd: BotoClient) -> None:
        super().__init__(stores)
        self._odd = odd

    async def get(self, key: str) -> bytes:
        return await (asyncio.to_thread(self._odd.get, key) if is_odd(key) else super().get(key))

    async def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        if is_odd(key):
            return await asyncio.to_thread(self._odd.get_part, key, start, length, etag=etag)
        return await super().get_part(key, start, length, etag=etag)

    async def head(self, key: str) -> Found | None:
        return await (asyncio.to_thread(self._odd.head, key) if is_odd(key) else super().head(key))

    async def delete(self, key: str) -> None:
        await (asyncio.to_thread(self._odd.delete, key) if is_odd(key) else super().delete(key))

    async def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        try:
            return await super().list(folder, start_after=start_after)
        except UnnameableKeyError:
            return await asyncio.to_thread(self._odd.list, folder, start_after=start_after)
