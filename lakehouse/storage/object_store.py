"""The service of an object store: runs ``ObjectSteps`` with a client that blocks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TypeVar

from lakehouse.errors import StorageError
from lakehouse.storage.interface import CHUNK_BYTES, AbstractStorageService, Body
from lakehouse.storage.keys import check_existing_key, check_key, check_prefix, check_range
from lakehouse.storage.object_client import ObjectClient, Part
from lakehouse.storage.object_steps import ObjectSteps
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, NotThere, ObjectStat, Replaced
from lakehouse.storage.steps import Steps

__all__ = ["ObjectStorageService", "spark_uri"]

T = TypeVar("T")


class ObjectStorageService(AbstractStorageService):
    """Keys are the names of a bucket's or container's objects below a prefix.

    ``put_if_absent`` and ``replace`` mark what they write with an id of their own, in the object's metadata.
    An answer that is lost, or that says "taken", is followed by a look at the mark, so two writers of the
    same bytes are told apart. This costs one request, of losers only. A key that is put on a condition is not
    to be overwritten or deleted while others put it, or a put that got no answer can't know that it had won.
    """

    def __init__(self, client: ObjectClient, *, steps: ObjectSteps, root_uri: str) -> None:
        self._client = client
        self._steps = steps
        self._root_uri = root_uri

    def __repr__(self) -> str:
        return self._steps.store

    def read(self, key: str) -> bytes:
        self._check(key)
        return self._run(self._steps.read(key))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        self._check(key)
        check_range(key, start, length, store=repr(self))
        if length == 0:
            self.stat(key)
            return b""
        return self._run(self._steps.read_part(key, start, length)).body

    def stream(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        self._check(key)
        first = self._run(self._steps.read_part(key, 0, chunk_bytes))
        return self._parts_from(first, key, chunk_bytes)

    def stat(self, key: str) -> ObjectStat:
        self._check(key)
        return self._run(self._steps.stat(key))

    def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
        check_prefix(prefix, store=repr(self))
        yield from self._run(self._steps.list(prefix, start_after=start_after))

    def uri(self, key: str = "") -> str:
        if key:
            self._check(key)
        return spark_uri(self._root_uri, key)

    def write(self, key: str, body: Body) -> ObjectStat:
        self._check_new(key)
        return self._run(self._steps.write(key, body))

    def put_if_absent(self, key: str, body: bytes) -> Created | AlreadyThere:
        self._check_new(key)
        return self._run(self._steps.put_if_absent(key, body, write_id=uuid.uuid4().hex))

    def replace(self, key: str, body: bytes, *, etag: str) -> Replaced | Changed:
        self._check_new(key)
        return self._run(self._steps.replace(key, body, etag=etag, write_id=uuid.uuid4().hex))

    def settle(self, key: str, write_id: str) -> Created | AlreadyThere | NotThere:
        """Say what became of a write that ended in OutcomeUnknownError, as the store has it now."""
        self._check(key)
        return self._run(self._steps.settle(key, write_id))

    def copy(self, source: str, target: str) -> ObjectStat:
        self._check(source)
        self._check_new(target)
        return self._run(self._steps.copy(source, target))

    def delete(self, key: str) -> None:
        self._check(key)
        self._run(self._steps.delete(key))

    def _parts_from(self, part: Part, key: str, chunk_bytes: int) -> Iterator[bytes]:
        start = 0
        while part.body:
            yield part.body
            start += len(part.body)
            if start >= part.size_bytes:
                return
            part = self._run(self._steps.read_part(key, start, chunk_bytes, etag=part.etag))

    def _check(self, key: str) -> None:
        check_existing_key(key, store=self._steps.store)

    def _check_new(self, key: str) -> None:
        check_key(key, store=self._steps.store)

    def _run(self, steps: Steps[T]) -> T:
        try:
            request = next(steps)
            while True:
                try:
                    answer = request(self._client)
                except StorageError as error:
                    request = steps.throw(error)
                else:
                    request = steps.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result


def spark_uri(root_uri: str, key: str) -> str:
    """Join them as Hadoop's ``Path`` takes them: nothing is percent-encoded."""
    return f"{root_uri.rstrip('/')}/{key}" if key else root_uri
