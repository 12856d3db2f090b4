"""Batches whose rows are judged and written, and not yet published: what a later run finishes as it was decided."""

from __future__ import annotations

import msgspec

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.refresh.fingerprint import digest_of
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.pipelines.warehouse import QUARANTINE_SUFFIX, SYSTEM_LAYER
from lakehouse.quality import Tally
from lakehouse.storage import AbstractStorageService, AlreadyThere, NotFoundError
from lakehouse.tables import StagedRows, sweep_staging

__all__ = ["StagedBatch", "StagedBatches", "digest_of_mode"]


def digest_of_mode(mode: WriteMode | None) -> str:
    """Return a digest that changes with the declaration of a write mode, and not with the library's version."""
    return digest_of([mode], version="")


class StagedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Where the rows of a judged batch lie, and how many there are.

    It is written before the first of the batch's commits. From then on nothing is computed or judged again,
    whatever becomes of the rules: both commits, of the quarantine and of the table, take these rows. Only a
    definition that writes them otherwise has the batch decided afresh.
    """

    kept: StagedRows
    quarantined: StagedRows | None
    tally: Tally
    steps: tuple[StepCount, ...]
    replaces: str | None = None
    """The SQL condition of the table's rows that give way to these; None where the batch's inputs tell it."""
    beside: StagedRows | None = None
    """Rows that are kept beside the table, for later batches to be decided by."""
    newest_us: dict[str, int] = {}
    """By column of event times the newest one in the batch, in microseconds since the epoch."""
    came_us: int | None = None
    """When the first of its rows came, in microseconds since the epoch; None where nobody knows."""
    mode: str = ""
    """A digest of the write mode that the rows were judged for; empty where it was not noted."""

    def is_written_as(self, table: TableDefinition) -> bool:
        """Say whether the table, as it is declared now, takes these rows as they were to be written."""
        names, renamed = self.kept.schema.names, table.options.renamed
        has_old_names = any(old in names and new not in names for old, new in renamed.items())
        return self.mode in ("", digest_of_mode(table.flow.write_mode)) and not has_old_names

    def exists(self) -> bool:
        """Say whether the rows are still there."""
        return self.kept.exist() and all(each.exist() for each in self._others)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the rows lie."""
        return tuple(each.folder for each in (self.kept, *self._others))

    def discard(self) -> None:
        """Delete the rows' files."""
        for each in (self.kept, *self._others):
            each.discard()

    @property
    def _others(self) -> tuple[StagedRows, ...]:
        return tuple(each for each in (self.quarantined, self.beside) if each is not None)


class StagedBatches:
    """The staged batches of one table, as immutable files; of two runs that judge a batch, one wins.

    A note stays until a later batch is published. It is needed beyond its own batch's commit: where that commit is
    lost with a restored backup, the note tells that the batch was judged, and can't be finished without its rows.
    """

    def __init__(self, storage: AbstractStorageService, *, layer: str, table: str) -> None:
        self._storage = storage
        self._prefix = f"{SYSTEM_LAYER}/staged/{layer}/{table}/"

    def find(self, number: int) -> StagedBatch | None:
        """Return the staged batch of this number; None when it was not judged yet."""
        return self._read(self._key(number))

    def keep(self, number: int, staged: StagedBatch) -> StagedBatch:
        """Write the batch down and return it; where another run was first, return the other's."""
        key = self._key(number)
        if isinstance(self._storage.put_if_absent(key, msgspec.json.encode(staged)), AlreadyThere):
            return msgspec.json.decode(self._storage.read(key), type=StagedBatch)
        return staged

    def sweep(self, path: str) -> None:
        """Remove what killed processes staged beside the table at ``path`` and its quarantine, and never noted."""
        found = [self._read(stat.key) for stat in self._storage.list(self._prefix)]
        named = frozenset(folder for each in found if each is not None for folder in each.folders)
        for table in (path, f"{path}{QUARANTINE_SUFFIX}"):
            sweep_staging(table, named=named)

    def forget_before(self, number: int) -> None:
        """Delete what is noted of earlier batches, and rows of theirs that were never published.

        Call it when the batch of this number is published: the table takes none of the earlier ones any more.
        """
        for stat in list(self._storage.list(self._prefix)):
            if stat.key >= self._key(number):
                return
            earlier = self._read(stat.key)
            if earlier is not None:
                earlier.discard()
                self._storage.delete(stat.key)

    def _read(self, key: str) -> StagedBatch | None:
        try:
            return msgspec.json.decode(self._storage.read(key), type=StagedBatch)
        except NotFoundError:
            return None

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:020}.json"
