"""Object stores through obstore, the Rust ``object_store``: an optional dependency, loaded only here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lakehouse.optional_imports import require
from lakehouse.storage.errors import NotFoundError, ObjectChangedError
from lakehouse.storage.interface import CHUNK_BYTES
from lakehouse.storage.object_client import Found, Part
from lakehouse.storage.obstore_errors import Asking, status_of
from lakehouse.storage.outcomes import ObjectStat
from lakehouse.storage.retries import RetryPolicy

__all__ = ["AsyncObstoreClient", "ObstoreClient", "Stores", "load_obstore"]

WRITE_ID = "lakehousewriteid"
"""The metadata field of a put's mark: letters only, because Azure takes no hyphens and proxies no '_'."""
_PARTS_AT_ONCE = 4


def load_obstore(module: str = "obstore") -> Any:
    """Return a module of obstore. Raises MissingDependencyError."""
    return require(module, extra="cloud", purpose="Storage on S3 or ADLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Two obstore stores for one place; only their retries differ."""

    name: str
    """For errors."""
    once: Any
    """Asks once: retries are ours, which know what may be asked twice."""
    patient: Any
    """Repeats single parts of an upload and single pages of a listing, which only obstore sees."""

    @classmethod
    def make(
        cls,
        make: Callable[..., Any],
        *,
        name: str,
        policy: RetryPolicy,
        client_options: Mapping[str, Any],
    ) -> Stores:
        """Call ``make`` with the options of each of the two."""
        seconds = timedelta(seconds=policy.within_seconds)
        backoff = {
            "init_backoff": timedelta(seconds=policy.first_pause_seconds),
            "max_backoff": timedelta(seconds=policy.longest_pause_seconds),
            "base": 2,
        }
        options = {"timeout": timedelta(seconds=policy.request_timeout_seconds), **client_options}
        once = {"max_retries": 0, "retry_timeout": seconds, "backoff": backoff}
        return cls(
            name=name,
            once=make(client_options=options, retry_config=once),
            patient=make(client_options=options, retry_config={**once, "max_retries": 10}),
        )


class ObstoreClient:
    """An ``ObjectClient``."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._errors = load_obstore("obstore.exceptions")

    def get(self, key: str) -> bytes:
        with self._asking(key, "read"):
            return bytes(self._stores.once.get(key).bytes())

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        with self._asking(key, "read"):
            try:
                answer = self._stores.once.get(key, options=_range_options(start, length, etag))
                return _part(answer, answer.bytes())
            except self._errors.BaseError as error:
                return _part_of_nothing(error, self._errors, self._stores.name, key)

    def head(self, key: str) -> Found | None:
        try:
            with self._asking(key, "stat"):
                return _found(key, self._stores.once.get(key, options={"head": True}))
        except NotFoundError:
            return None

    def put(self, key: str, body: bytes | Iterable[bytes]) -> str:
        with self._asking(key, "write"):
            answer = self._stores.patient.put(key, body, **_upload_options(body))
            return _plain(answer["e_tag"])

    def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None:
        with self._asking(key, "write"):
            try:
                answer = self._stores.once.put(key, body, **_condition(etag, write_id))
                return _plain(answer["e_tag"])
            except (self._errors.AlreadyExistsError, self._errors.PreconditionError):
                return None

    def copy(self, source: str, target: str) -> None:
        with self._asking(source, "copy"):
            self._stores.once.copy(source, target)

    def delete(self, key: str) -> None:
        try:
            with self._asking(key, "delete"):
                self._stores.once.delete(key)
        except NotFoundError:
            return

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        with self._asking(folder, "list"):
            pages = self._stores.patient.list(folder or None, offset=start_after or None, chunk_size=1000)
            return [_stat(meta) for page in pages for meta in page]

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def _asking(self, key: str, action: str) -> Asking:
        return Asking(store=self._stores.name, key=key, action=action)


class AsyncObstoreClient:
    """An ``AsyncObjectClient``."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._errors = load_obstore("obstore.exceptions")

    async def get(self, key: str) -> bytes:
        with self._asking(key, "read"):
            answer = await self._stores.once.get_async(key)
            return bytes(await answer.bytes_async())

    async def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        with self._asking(key, "read"):
            try:
                answer = await self._stores.once.get_async(key, options=_range_options(start, length, etag))
                return _part(answer, await answer.bytes_async())
            except self._errors.BaseError as error:
                return _part_of_nothing(error, self._errors, self._stores.name, key)

    async def head(self, key: str) -> Found | None:
        try:
            with self._asking(key, "stat"):
                return _found(key, await self._stores.once.get_async(key, options={"head": True}))
        except NotFoundError:
            return None

    async def put(self, key: str, body: bytes | Iterable[bytes]) -> str:
        with self._asking(key, "write"):
            answer = await self._stores.patient.put_async(key, body, **_upload_options(body))
            return _plain(answer["e_tag"])

    async def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None:
        with self._asking(key, "write"):
            try:
                answer = await self._stores.once.put_async(key, body, **_condition(etag, write_id))
                return _plain(answer["e_tag"])
            except (self._errors.AlreadyExistsError, self._errors.PreconditionError):
                return None

    async def copy(self, source: str, target: str) -> None:
        with self._asking(source, "copy"):
            await self._stores.once.copy_async(source, target)

    async def delete(self, key: str) -> None:
        try:
            with self._asking(key, "delete"):
                await self._stores.once.delete_async(key)
        except NotFoundError:
            return

    async def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        with self._asking(folder, "list"):
            pages = self._stores.patient.list(folder or None, offset=start_after or None, chunk_size=1000)
            return [_stat(meta) async for page in pages for meta in page]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _asking(self, key: str, action: str) -> Asking:
        return Asking(store=self._stores.name, key=key, action=action)


def _condition(etag: str, write_id: str) -> dict[str, Any]:
    mode: Any = {"e_tag": f'"{etag}"'} if etag else "create"
    return {"mode": mode, "attributes": {WRITE_ID: write_id}, "use_multipart": False}


def _upload_options(body: bytes | Iterable[bytes]) -> dict[str, Any]:
    in_parts = not isinstance(body, bytes) or len(body) > CHUNK_BYTES
    return {"use_multipart": in_parts, "chunk_size": CHUNK_BYTES, "max_concurrency": _PARTS_AT_ONCE}


def _range_options(start: int, length: int, etag: str) -> dict[str, Any]:
    condition = {"if_match": f'"{etag}"'} if etag else {}
    return {"range": (start, start + length), **condition}


def _part(answer: Any, body: Any) -> Part:
    return Part(body=bytes(body), etag=_plain(answer.meta["e_tag"]), size_bytes=answer.meta["size"])


def _part_of_nothing(error: BaseException, errors: Any, store: str, key: str) -> Part:
    """Return the empty part of a range beyond the end; any other error is raised again."""
    if isinstance(error, errors.PreconditionError):
        raise ObjectChangedError(store=store, key=key) from None
    if status_of(str(error)) == 416 or "StartTooLarge" in str(error):
        return Part(body=b"", etag="", size_bytes=0)
    raise error


def _found(key: str, answer: Any) -> Found:
    return Found(stat=_stat({**answer.meta, "path": key}), write_id=answer.attributes.get(WRITE_ID, ""))


def _stat(meta: Mapping[str, Any]) -> ObjectStat:
    return ObjectStat(
        key=meta["path"],
        size_bytes=meta["size"],
        modified_ms=int(meta["last_modified"].timestamp() * 1000),
        etag=_plain(meta["e_tag"]),
    )


def _plain(etag: str | None) -> str:
    """Without quotes: in listings some stores leave them out."""
    return (etag or "").strip('"')
