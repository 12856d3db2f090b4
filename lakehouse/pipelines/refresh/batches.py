"""What a table processes together: decided once, written down first, repeated exactly after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakehouse.pipelines.errors import LostBatchError
from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import AbstractStorageService, AlreadyThere
from lakehouse.tables import Predecessor, TransactionId

__all__ = ["Batch", "BatchLog"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a table's work, named by its inputs."""

    flow: str
    """The application in the commits' transaction: the pipeline's name and the table's."""
    number: int
    """From 0, in the order in which batches are decided; not every batch becomes part of the table."""
    planned_at: str
    """ISO 8601, UTC; the ``_ingested_at`` of the rows."""
    starts_over: bool
    """Whether the table was not there, so that earlier batches don't count for it."""
    fingerprint: str
    """Of the flow's definition when the batch was decided."""
    source: str = ""
    """The kind of the source whose inputs these are."""
    follows: int | msgspec.UnsetType | None = msgspec.UNSET
    """The last batch that the table had taken when this one was decided; None for a table without one."""
    inputs: dict[str, Any]
    pinned: dict[str, int]
    """The versions of the tables that steps read beside the source."""

    @property
    def predecessor(self) -> int | None:
        """The batch that the table must have taken last to take this one; None when it must have none."""
        if self.follows is not msgspec.UNSET:
            return self.follows
        return None if self.starts_over else self.number - 1

    @property
    def transaction(self) -> TransactionId:
        """What the commit of the table carries."""
        follows = Predecessor(number=self.predecessor)
        return TransactionId(application=self.flow, number=self.number, follows=follows)

    @property
    def quarantine_transaction(self) -> TransactionId:
        """What the commit of the quarantine carries: it takes part in some batches only."""
        return TransactionId(application=self.flow, number=self.number)


class BatchLog:
    """The batches of one table, as immutable files; of two runs that decide the next one, one wins."""

    def __init__(self, storage: AbstractStorageService, *, layer: str, table: str) -> None:
        self._storage = storage
        self._table = table
        self._prefix = f"{SYSTEM_LAYER}/batches/{layer}/{table}/"
        self._dropped = f"{SYSTEM_LAYER}/dropped_batches/{layer}/{table}/"
        self._known: list[Batch] = []

    def all(self) -> Sequence[Batch]:
        """Return all batches in order; those read before are not read again."""
        start_after = self.key_of(len(self._known) - 1) if self._known else ""
        for stat in self._storage.list(self._prefix, start_after=start_after):
            self._known.append(msgspec.json.decode(self._storage.read(stat.key), type=Batch))
        return tuple(self._known)

    def taken(self, last: int | None) -> Sequence[Batch]:
        """Return the batches that a table is made of, oldest first; ``last`` is the one that it says it took last.

        A batch that was decided and never committed, or whose commit is gone with a restored backup, is not
        among them: its inputs come again. Raises LostBatchError when the file of one is gone.
        """
        by_number = {batch.number: batch for batch in self.all()}
        chain: list[Batch] = []
        while last is not None:
            if last not in by_number:
                raise LostBatchError(table=self._table, number=last, key=self.key_of(last))
            chain.append(by_number[last])
            last = chain[-1].predecessor
        return tuple(reversed(chain))

    def pending(self, last: int | None) -> Batch | None:
        """Return the batch that was decided after ``last``, the table's last one, and is not in it; None if none is.

        It is the newest of all: a batch that another one was decided after is abandoned, and so is a dropped one.
        """
        batches = self.all()
        if not batches or batches[-1].number == last or batches[-1].predecessor != last:
            return None
        return None if self._storage.exists(self._dropped_key(batches[-1].number)) else batches[-1]

    def drop(self, number: int) -> None:
        """Abandon a batch that is not in the table: nobody finishes it, and its inputs come again."""
        self._storage.put_if_absent(self._dropped_key(number), b"")

    def decide(self, batch: Batch) -> Batch:
        """Write the batch down and return it; where another run was first, return the other's."""
        key = self.key_of(batch.number)
        if isinstance(self._storage.put_if_absent(key, msgspec.json.encode(batch)), AlreadyThere):
            return msgspec.json.decode(self._storage.read(key), type=Batch)
        return batch

    def key_of(self, number: int) -> str:
        """Return the storage key of a batch."""
        return f"{self._prefix}{number:020}.json"

    def _dropped_key(self, number: int) -> str:
        return f"{self._dropped}{number:020}"
