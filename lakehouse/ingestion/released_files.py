"""Files that somebody asked to have looked at again, until a batch names them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import msgspec

from lakehouse.storage import AbstractStorageService, NotFoundError

__all__ = ["ReleasedFiles"]


class ReleasedFiles:
    """The released files of one table, an immutable object each."""

    def __init__(self, storage: AbstractStorageService, *, prefix: str) -> None:
        self._storage = storage
        self._prefix = prefix

    def release(self, paths: Collection[str]) -> None:
        """Note that the next batch looks at these files again."""
        for path in paths:
            self._storage.put_if_absent(self._key(path), msgspec.json.encode(path))

    def paths(self) -> frozenset[str]:
        """Return the released files."""
        found = set()
        for stat in self._storage.list(self._prefix):
            try:
                found.add(msgspec.json.decode(self._storage.read(stat.key), type=str))
            except NotFoundError:
                continue  # another run is done with it
        return frozenset(found)

    def forget(self, paths: Collection[str]) -> None:
        """Forget files: a batch that is in the table has said what became of them."""
        for path in paths:
            self._storage.delete(self._key(path))

    def _key(self, path: str) -> str:
        return self._prefix + hashlib.blake2b(path.encode(errors="surrogatepass"), digest_size=16).hexdigest()
