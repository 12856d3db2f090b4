"""What a table processes together: decided once, written down first, repeated exactly after a crash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from lakehouse.pipelines.errors import LostBatchError
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import AbstractStorageService, AlreadyThere, NotFoundError, ObjectStat
from lakehouse.tables import Predecessor, TransactionId

__all__ = ["Batch", "BatchLog", "StoredBatch"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a table's work, named by its inputs."""

    flow: str
    """The application in the commits' transaction: the pipeline's name and the table's."""
    number: int
    """From 0, in the order in which batches are decided; not every batch becomes part of the table."""
    planned_at: str
    """ISO 8601, UTC; the ``_ingested_at`` of the rows."""
    starts_over: bool
    """Whether earlier batches don't count for the table: it was not there, or is rebuilt."""
    rebuilds: bool = False
    """Whether the rows take the place of all that the table holds, however it is written otherwise."""
    fingerprint: str
    """Of the flow's definition when the batch was decided."""
    source: str = ""
    """The kind of the source whose inputs these are."""
    follows: int | msgspec.UnsetType | None = msgspec.UNSET
    """The last batch that the table had taken when this one was decided; None for a table without one."""
    inputs: dict[str, Any]
    pinned: dict[str, int]
    """The versions of the tables that steps read beside the source."""
    added: dict[str, Any] | None = None
    """Of the inputs only what came since the batch before, where just the groups that it touches are computed.

    They go on from those kept for that batch; where these are lost, all inputs are read, to the same result.
    """
    newest_us: dict[str, int] | None = None
    """By column of event times the newest of all batches before, in microseconds since the epoch."""
    how: str = ""
    """Whether groups are brought up to date or all rows read, and why; empty where the flow leaves no choice."""

    @property
    def predecessor(self) -> int | None:
        """The batch that the table must have taken last to take this one; None when it must have none."""
        if self.follows is not msgspec.UNSET:
            return self.follows
        return None if self.starts_over else self.number - 1

    @property
    def goes_on_from(self) -> int | None:
        """The batch before this one in what the table is made of; None for the first."""
        return None if self.rebuilds else self.predecessor

    @property
    def transaction(self) -> TransactionId:
        """What the commit of the table carries."""
        follows = Predecessor(number=self.predecessor)
        return TransactionId(application=self.flow, number=self.number, follows=follows)

    @property
    def quarantine_transaction(self) -> TransactionId:
        """What the commit of the quarantine carries: it takes part in some batches only."""
        return TransactionId(application=self.flow, number=self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """A batch as its file has it."""

    batch: Batch
    size_bytes: int
    digest: bytes
    """Of the file."""


class BatchLog:
    """The batches of one table, as immutable files; of two runs that decide the next one, one wins."""

    def __init__(self, storage: AbstractStorageService, *, layer: str, table: str) -> None:
        self.table = table
        self._storage = storage
        self._prefix = f"{SYSTEM_LAYER}/batches/{layer}/{table}/"
        self._dropped = f"{SYSTEM_LAYER}/dropped_batches/{layer}/{table}/"
        self._known: dict[int, StoredBatch] = {}

    def all(self) -> Sequence[Batch]:
        """Return all batches in order. Reads the file of each; those read before are not read again."""
        return tuple(self.get(number).batch for number in self._numbers(self._storage.list(self._prefix)))

    def newest(self, *, last: int | None) -> Batch | None:
        """Return the newest of all batches; None when there is none.

        Batches before ``last``, the one that the table took last, are not even listed.
        """
        start = self.key_of(last - 1) if last else ""
        numbers = list(self._numbers(self._storage.list(self._prefix, start_after=start)))
        return self.get(numbers[-1]).batch if numbers else None

    def first_after(self, number: int | None) -> Batch | None:
        """Return the batch that was decided first after one, or first of all; None when there is none."""
        start = "" if number is None else self.key_of(number)
        first = next(self._numbers(self._storage.list(self._prefix, start_after=start)), None)
        return None if first is None else self.get(first).batch

    def get(self, number: int) -> StoredBatch:
        """Return a batch. Raises LostBatchError when its file is gone."""
        if number not in self._known:
            key = self.key_of(number)
            try:
                body = self._storage.read(key)
            except NotFoundError:
                raise LostBatchError(table=self.table, number=number, key=key) from None
            self._known[number] = StoredBatch(
                batch=msgspec.json.decode(body, type=Batch),
                size_bytes=len(body),
                digest=hashlib.blake2b(body, digest_size=16).digest(),
            )
        return self._known[number]

    def taken(self, last: int | None) -> Sequence[Batch]:
        """Return the batches that a table is made of, oldest first; ``last`` is the one that it says it took last.

        Raises LostBatchError when the file of one is gone.
        """
        chain: list[Batch] = []
        while last is not None:
            chain.append(self.get(last).batch)
            last = chain[-1].goes_on_from
        return tuple(reversed(chain))

    def pending(self, last: int | None) -> Batch | None:
        """Return the batch that was decided after ``last``, the table's last one, and is not in it; None if none is."""
        newest = self.newest(last=last)
        return newest if newest is not None and self.waits(newest, last=last) else None

    def waits(self, newest: Batch, *, last: int | None) -> bool:
        """Say whether the newest batch was decided after ``last``, the table's last one, and is not in it.

        Only the newest of all can be: a batch that another one was decided after is abandoned, and so is a
        dropped one.
        """
        if newest.number == last or newest.predecessor != last:
            return False
        return not self._storage.exists(self._dropped_key(newest.number))

    def drop(self, number: int) -> None:
        """Abandon a batch that is not in the table: nobody finishes it, and its inputs come again."""
        self._storage.put_if_absent(self._dropped_key(number), b"")

    def decide(self, batch: Batch) -> Batch:
        """Write the batch down and return it; where another run was first, return the other's."""
        key = self.key_of(batch.number)
        if isinstance(self._storage.put_if_absent(key, msgspec.json.encode(batch)), AlreadyThere):
            return self.get(batch.number).batch
        return batch

    def key_of(self, number: int) -> str:
        """Return the storage key of a batch."""
        return f"{self._prefix}{number:020}.json"

    def _numbers(self, listed: Iterable[ObjectStat]) -> Iterator[int]:
        return (int(stat.key.removeprefix(self._prefix).removesuffix(".json")) for stat in listed)

    def _dropped_key(self, number: int) -> str:
        return f"{self._dropped}{number:020}"
