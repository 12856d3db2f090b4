"""What a table processes together: decided once, written down first, repeated exactly after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakehouse.pipelines.warehouse import SYSTEM_LAYER
from lakehouse.storage import AbstractStorageService, AlreadyThere
from lakehouse.tables import TransactionId

__all__ = ["Batch", "BatchLog"]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a table's work, named by its inputs."""

    flow: str
    """The application in the commits' transaction: the pipeline's name and the table's."""
    number: int
    """From 0, without a gap."""
    planned_at: str
    """ISO 8601, UTC; the ``_ingested_at`` of the rows."""
    starts_over: bool
    """Whether the table was not there, so that earlier batches don't count for it."""
    fingerprint: str
    """Of the flow's definition when the batch was decided."""
    source: str = ""
    """The kind of the source whose inputs these are."""
    inputs: dict[str, Any]
    pinned: dict[str, int]
    """The versions of the tables that steps read beside the source."""

    @property
    def transaction(self) -> TransactionId:
        """What the commits of this batch carry."""
        return TransactionId(application=self.flow, number=self.number)


class BatchLog:
    """The batches of one table, as immutable files; of two runs that decide the next one, one wins."""

    def __init__(self, storage: AbstractStorageService, *, layer: str, table: str) -> None:
        self._storage = storage
        self._prefix = f"{SYSTEM_LAYER}/batches/{layer}/{table}/"
        self._known: list[Batch] = []

    def all(self) -> Sequence[Batch]:
        """Return all batches in order; those read before are not read again."""
        start_after = self.key_of(len(self._known) - 1) if self._known else ""
        for stat in self._storage.list(self._prefix, start_after=start_after):
            self._known.append(msgspec.json.decode(self._storage.read(stat.key), type=Batch))
        return tuple(self._known)

    def since_start(self) -> Sequence[Batch]:
        """Return the batches that the table as it stands was made of: from the last that started over."""
        batches = self.all()
        starts = [position for position, batch in enumerate(batches) if batch.starts_over]
        return batches[starts[-1] :] if starts else batches

    def decide(self, batch: Batch) -> Batch:
        """Write the batch down and return it; where another run was first, return the other's."""
        key = self.key_of(batch.number)
        if isinstance(self._storage.put_if_absent(key, msgspec.json.encode(batch)), AlreadyThere):
            return msgspec.json.decode(self._storage.read(key), type=Batch)
        return batch

    def key_of(self, number: int) -> str:
        """Return the storage key of a batch."""
        return f"{self._prefix}{number:020}.json"
