"""What is kept of a table's groups: rows for one batch, and a note that says whose they are."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.groups.value_runs import ValueRuns
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.storage import AlreadyThere, NotFoundError
from lakehouse.tables import StagedRows

__all__ = ["KeptState", "KeptStates"]

_LAYER = f"{SYSTEM_LAYER}/groups"
_DIGITS = 20
_DEPTH = 3
"""Folders from a table's own to staged rows."""
_KEPT = 2
"""States that stay: that of the last batch, and the one before, which another run may be reading."""


class KeptState(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of all rows that a batch and those before it have read."""

    rows: StagedRows
    settings: Mapping[str, str]
    """Those of the session that the values may depend on."""
    steps: tuple[StepCount, ...]
    """What the steps before the groups took out of the batch's rows."""
    counts: Mapping[str, int]
    """Groups, how many of them the batch touched, and what was read for it."""
    how: str
    """How they were computed: as the batch says, or from all rows, and why."""
    values: tuple[ValueRuns, ...] = ()
    """The values that the groups have had, for each measure that counts each of them once."""

    def everything(self) -> Sequence[StagedRows]:
        """Return all rows that the state stands for."""
        return (self.rows, *(run for runs in self.values for run in runs))

    def is_whole(self) -> bool:
        """Say whether all rows are there as they were written."""
        return all(rows.are_whole() for rows in self.everything())


class KeptStates:
    """The kept states of one table, as immutable files; of two runs that compute one, one wins."""

    def __init__(self, warehouse: Warehouse, *, layer: str, table: str) -> None:
        self._storage = warehouse.storage
        self._prefix = f"{_LAYER}/{layer}/{table}/"
        self._folder = warehouse.path_of(f"{_LAYER}/{layer}", table)

    def folder_of(self, batch: Batch) -> str:
        """Return where the rows that are kept for a batch belong, as Spark takes it."""
        return f"{self._folder}/{batch.number:0{_DIGITS}}"

    def find(self, batch: Batch) -> KeptState | None:
        """Return what was kept for exactly this batch; None where that is not there whole."""
        try:
            state = msgspec.json.decode(self._storage.read(self._key(batch)), type=KeptState)
        except (NotFoundError, msgspec.DecodeError):
            return None
        return state if state.is_whole() else None

    def keep(self, batch: Batch, state: KeptState) -> KeptState:
        """Write the note down and return the state; where another run was first, and whole, return the other's."""
        key, note = self._key(batch), msgspec.json.encode(state)
        if isinstance(self._storage.put_if_absent(key, note), AlreadyThere):
            if (other := self.find(batch)) is not None and other.settings == state.settings:
                state.rows.discard()
                return other
            self._storage.delete(key)
            self._storage.put_if_absent(key, note)
        return state

    def discard_old(self) -> None:
        """Delete the states that nobody needs any more, and what killed runs left of them."""
        keys = sorted(stat.key for stat in self._storage.list(self._prefix))
        notes = [key for key in keys if self._is_note(key)]
        oldest = min((self._number(note) for note in notes[-_KEPT:]), default="")
        in_use = self._folders_of(notes[-_KEPT:])
        for key in keys:
            if self._number(key) < oldest and not key.startswith(in_use):
                self._storage.delete(key)

    def _folders_of(self, notes: Sequence[str]) -> tuple[str, ...]:
        """Return the folders that states need, with those of values that were kept for batches long before."""
        found: list[StagedRows] = []
        for note in notes:
            with contextlib.suppress(NotFoundError, msgspec.DecodeError):
                found += msgspec.json.decode(self._storage.read(note), type=KeptState).everything()
        # A warehouse has several names: only what lies below the table's own folder counts.
        return tuple(self._prefix + "/".join(rows.folder.split("/")[-_DEPTH:]) + "/" for rows in found)

    def _number(self, key: str) -> str:
        return key.removeprefix(self._prefix)[:_DIGITS]

    def _is_note(self, key: str) -> bool:
        return key.endswith(".json") and "/" not in key.removeprefix(self._prefix)

    def _key(self, batch: Batch) -> str:
        # A number may come again, when the batches of a warehouse were deleted: the whole batch counts.
        digest = hashlib.blake2b(msgspec.json.encode(batch), digest_size=8).hexdigest()
        return f"{self._prefix}{batch.number:0{_DIGITS}}-{digest}.json"
