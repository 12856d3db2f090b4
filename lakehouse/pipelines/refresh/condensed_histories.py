"""The beginnings of a table's history, condensed: what saves reading every batch file. Nothing depends on them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import AbstractStorageService, NotFoundError

__all__ = ["CondensedHistories"]

_NUMBER_DIGITS = 20
_KEPT = 2
"""One more than needed: a reader that has just listed them finds the one before, when a writer deletes."""


class CondensedHistories:
    """Immutable objects, each made of the batches that end with one batch, and named by that batch's number.

    The name holds a digest of the object and of that batch's file. So one that is torn, or made of another
    batch of the same number, does not count; nor does one of another form, which a name ends in.
    """

    def __init__(self, storage: AbstractStorageService, *, layer: str, table: str) -> None:
        self._storage = storage
        self._prefix = f"{SYSTEM_LAYER}/condensed/{layer}/{table}/"

    def keys(self, form: str) -> Mapping[int, Sequence[str]]:
        """Return the keys of the objects in this form, by the number of the batch with which they end."""
        found: dict[int, list[str]] = defaultdict(list)
        for key in (stat.key for stat in self._storage.list(self._prefix)):
            if key.endswith(f".{form}") and (number := self._number(key)) is not None:
                found[number].append(key)
        return found

    def read(self, key: str, *, batch_digest: bytes) -> bytes | None:
        """Return the object, if it is whole and was made of the batch with this digest; else None."""
        try:
            body = self._storage.read(key)
        except NotFoundError:
            return None
        return body if f"-{_digest(batch_digest, body)}." in key else None

    def keep(self, number: int, form: str, body: bytes, *, batch_digest: bytes) -> None:
        """Write an object down, and delete those that it makes needless."""
        name = f"{number:0{_NUMBER_DIGITS}}-{_digest(batch_digest, body)}.{form}"
        self._storage.put_if_absent(self._prefix + name, body)
        keys = [stat.key for stat in self._storage.list(self._prefix)]
        numbers = sorted({found for key in keys if (found := self._number(key)) is not None})
        for key in keys:
            if (found := self._number(key)) is not None and found < numbers[-_KEPT:][0]:
                self._storage.delete(key)

    def _number(self, key: str) -> int | None:
        digits = key.removeprefix(self._prefix).partition("-")[0]
        return int(digits) if len(digits) == _NUMBER_DIGITS and digits.isdecimal() else None


def _digest(batch_digest: bytes, body: bytes) -> str:
    digest = hashlib.blake2b(batch_digest, digest_size=16)
    digest.update(body)
    return digest.hexdigest()
