"""What the service of an object store does, as steps."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.storage.conditional_steps import ConditionalSteps, written
from lakehouse.storage.errors import NotFoundError, ObjectChangedError
from lakehouse.storage.object_client import Part
from lakehouse.storage.outcomes import ObjectStat
from lakehouse.storage.steps import Steps

__all__ = ["ObjectSteps"]


class ObjectSteps(ConditionalSteps):
    """The steps of one service."""

    __slots__ = ()

    def read(self, key: str) -> Steps[bytes]:
        body: bytes = yield from self.ask(lambda client: client.get(key))
        return body

    def read_part(self, key: str, start: int, length: int, *, etag: str = "") -> Steps[Part]:
        """Read a range; with an ETag, of that object and no other (else ObjectChangedError)."""
        try:
            part: Part = yield from self.ask(lambda client: client.get_part(key, start, length, etag=etag))
        except NotFoundError:
            if etag:
                raise ObjectChangedError(store=self.store, key=key) from None
            raise
        return part

    def stat(self, key: str) -> Steps[ObjectStat]:
        found = yield from self.look(key)
        if found is None:
            raise NotFoundError(store=self.store, key=key)
        return found.stat

    def list(self, prefix: str, *, start_after: str) -> Steps[list[ObjectStat]]:
        folder, _, _ = prefix.rpartition("/")
        answer: list[ObjectStat] = yield from self.ask(
            lambda client: client.list(folder, start_after=start_after)
        )
        # Stores differ in what they leave out and how they sort, so both are done here again.
        wanted = {s.key: s for s in answer if s.key.startswith(prefix) and s.key > start_after}
        for key in [stat.key for stat in wanted.values() if stat.size_bytes == 0]:
            # Hadoop and consoles mark a folder by an empty "folder/", whose slash is lost on the way here.
            if (yield from self.look(key)) is None:
                del wanted[key]
        return sorted(wanted.values(), key=lambda stat: stat.key)

    def write(self, key: str, body: bytes | Iterable[bytes]) -> Steps[ObjectStat]:
        if isinstance(body, bytes):
            etag = yield from self.ask(lambda client: client.put(key, body))
            return written(key, len(body), etag)
        # The parts are gone once they are sent: the client repeats a single part, nobody the whole.
        counted = _Counted(body)
        etag = yield lambda client: client.put(key, counted)
        return written(key, counted.size_bytes, etag)

    def copy(self, source: str, target: str) -> Steps[ObjectStat]:
        yield from self.ask(lambda client: client.copy(source, target))
        return (yield from self.stat(target))

    def delete(self, key: str) -> Steps[None]:
        yield from self.ask(lambda client: client.delete(key))


class _Counted:
    """The parts of a body, and their length once they have gone through."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self.size_bytes = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> bytes:
        part = next(self._parts)
        self.size_bytes += len(part)
        return part
