"""The changes that a table doesn't show: deletions, older and hidden ones. A table of the library's own beside it."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.declare.change_data import (
    DELETED,
    GIVEN,
    KEY,
    ORIGIN,
    ROW,
    SEQUENCE,
    ChangeRules,
    Origin,
)
from lakehouse.pipelines.errors import ChangedRulesError
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.change_data.earlier import EarlierChanges
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.storage import AbstractStorageService, AlreadyThere
from lakehouse.tables import IWritableDeltaTable, StagedRows, TableLog, quoted, value_for

__all__ = ["ChangeState"]

_MANY_FILES = 100
"""Above this many, every file of the state is written again: a batch costs a hundredth of that in the long run."""

_SEQUENCE, _DELETED, _ROW, _BATCH = "_sequence", "_deleted", "_row", "_batch"


class ChangeState:
    """Rows are only ever added, each with its batch; a batch that the table doesn't have does not count.

    A change that is here and in the table too is the same change. A row without a key is a marker:
    of a truncation, or of the last snapshot.
    """

    def __init__(
        self,
        log: TableLog,
        table: IWritableDeltaTable,
        storage: AbstractStorageService,
        *,
        notes: str,
        name: str,
        keys: Sequence[str],
    ) -> None:
        """``notes``: where in ``storage`` it is noted by which rules changes are kept, whenever the table begins."""
        self.table = table
        self._log = log
        self._storage = storage
        self._notes = notes
        self._name = name
        self._keys = tuple(keys)

    def check_rules(self, rules: ChangeRules, batch: Batch) -> None:
        """Raise ChangedRulesError when earlier changes were kept by rules that make another table of them."""
        now, key = rules.binding, self._note(self._first_batch(batch))
        if isinstance(self._storage.put_if_absent(key, msgspec.json.encode(now)), AlreadyThere):
            before = msgspec.json.decode(self._storage.read(key), type=dict[str, str])
            if before != now:
                changed = next(name for name in now if before.get(name) != now[name])
                raise ChangedRulesError(
                    table=self._name, rule=changed, before=before.get(changed, ""), now=now[changed]
                )

    def before(self, batch: Batch) -> EarlierChanges:
        """Return what a batch goes on from."""
        return _Before(self, batch)

    def changes(
        self, batch: Batch, keys: DataFrame | None, row_type: StructType, *, like: DataFrame
    ) -> DataFrame | None:
        """Return what earlier batches left here of some keys (None: of all), in the columns of ``like``."""
        rows = self._rows(batch, keys)
        if rows is None:
            return None
        held = rows.schema[_ROW].dataType
        assert isinstance(held, StructType)  # noqa: S101 - it is written so
        values = [value_for(each, held, F.col(_ROW).getField) for each in row_type]
        return rows.where(~self._is_marker()).select(
            F.struct(*(F.col(quoted(name)) for name in self._keys)).alias(KEY),
            F.col(_SEQUENCE).alias(SEQUENCE),
            F.col(_DELETED).alias(DELETED),
            F.when(~F.col(_DELETED), F.struct(*values)).alias(ROW),
            F.lit(int(Origin.STATE)).alias(ORIGIN),
            F.lit(None).cast(like.schema[GIVEN].dataType).alias(GIVEN),
        )

    def cleared_at(self, batch: Batch) -> DataFrame | None:
        """Return one row with the ``sequence`` of the last marker, NULL where there was none."""
        rows = self._rows(batch, None)
        if rows is None:
            return None
        return rows.where(self._is_marker()).agg(F.max(_SEQUENCE).alias(SEQUENCE))

    def beside(self, changes: DataFrame, marker: DataFrame | None, batch: Batch) -> DataFrame:
        """Return changes, and the ``sequence`` of a marker, as they are kept here."""
        kept = self._kept(changes, batch)
        return kept if marker is None else kept.unionByName(self._marker(kept, marker, batch))

    def publish(self, staged: StagedRows, batch: Batch) -> None:
        """Add the rows of a batch; called before the table itself takes it."""
        table, rows = self.table.with_staged(staged)
        table.append(rows, transaction=batch.quarantine_transaction, evolve_schema=True)

    def remove_abandoned(self, batch: Batch) -> None:
        """Remove rows of batches that the table does not have: those decided before ``batch``."""
        first = -1 if batch.predecessor is None else batch.predecessor
        for number in self._noted():
            if first < number < batch.number:
                self._storage.delete(self._note(number))
        state = self._log.state()
        last = state.last_taken(batch.flow) if state is not None else None
        if last is not None and first < last < batch.number:
            self.table.delete(f"{_BATCH} > {first} AND {_BATCH} < {batch.number}")

    def withdraw(self, batch: Batch) -> None:
        """Remove the rows of a batch that the table refused after they were published here."""
        state = self._log.state()
        if state is not None and state.has_taken(batch.quarantine_transaction):
            self.table.delete(f"{_BATCH} = {batch.number}")

    def compact(self) -> None:
        """Bring many small files together: each batch adds one. What they hold stays."""
        snapshot = self._log.snapshot()
        if snapshot is not None and snapshot.totals.file_count > _MANY_FILES:
            self.table.compact()

    def _kept(self, changes: DataFrame, batch: Batch) -> DataFrame:
        return changes.select(
            *(F.col(KEY).getField(name).alias(name) for name in self._keys),
            F.col(SEQUENCE).alias(_SEQUENCE),
            F.col(DELETED).alias(_DELETED),
            F.col(ROW).alias(_ROW),
            F.lit(batch.number).cast("bigint").alias(_BATCH),
        )

    def _marker(self, like: DataFrame, newest: DataFrame, batch: Batch) -> DataFrame:
        told = {
            _SEQUENCE: F.col(SEQUENCE),
            _DELETED: F.lit(True),
            _BATCH: F.lit(batch.number).cast("bigint"),
        }
        columns = [
            told.get(each.name, F.lit(None).cast(each.dataType)).alias(each.name) for each in like.schema
        ]
        return newest.select(*columns)

    def _rows(self, batch: Batch, keys: DataFrame | None) -> DataFrame | None:
        state = self._log.state()
        last = batch.goes_on_from
        if state is None or last is None:
            return None
        there = RowsByKey(
            log=self._log, table=self.table, version=state.version, name=f"changes of {self._name}"
        )
        rows = there.all() if keys is None else there.with_key_of(keys, self._keys)
        return None if rows is None else rows.where(F.col(_BATCH).between(self._first_batch(batch), last))

    def _first_batch(self, batch: Batch) -> int:
        """Return the batch with which the table began that ``batch`` goes on from, or begins."""
        last = batch.goes_on_from
        if last is None:
            return batch.number
        return max((number for number in self._noted() if number <= last), default=0)

    def _noted(self) -> Sequence[int]:
        keys = (stat.key.removeprefix(self._notes) for stat in self._storage.list(self._notes))
        return [int(key.removesuffix(".json")) for key in keys]

    def _note(self, number: int) -> str:
        return f"{self._notes}{number:020}.json"

    def _is_marker(self) -> Column:
        missing = functools.reduce(operator.and_, (F.col(quoted(key)).isNull() for key in self._keys))
        return missing & F.col(_ROW).isNull()


@dataclass(frozen=True, slots=True)
class _Before:
    """The state as one batch finds it."""

    state: ChangeState
    batch: Batch

    def changes(self, keys: DataFrame | None, row_type: StructType, *, like: DataFrame) -> DataFrame | None:
        return self.state.changes(self.batch, keys, row_type, like=like)

    def cleared_at(self) -> DataFrame | None:
        return self.state.cleared_at(self.batch)
