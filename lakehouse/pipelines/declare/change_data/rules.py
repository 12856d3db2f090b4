"""How a feed is declared: keys, order, what deletes, which columns the table takes, and what it keeps of the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from lakehouse.pipelines.declare.change_data.changes import (
    DELETED,
    END_AT,
    GIVEN,
    KEY,
    ORIGIN,
    ROW,
    SEQUENCE,
    SHOWN,
    START_AT,
    Origin,
)
from lakehouse.pipelines.declare.change_data.current import with_newest
from lakehouse.pipelines.declare.change_data.decision import SHOWS, compared_part, with_counting
from lakehouse.pipelines.declare.change_data.history import with_intervals
from lakehouse.pipelines.declare.change_data.null_updates import with_nulls_filled
from lakehouse.pipelines.declare.change_data.shown_rows import VALUES, written_rows
from lakehouse.quality import Condition
from lakehouse.tables import all_fields, comparable, quoted, value_for

__all__ = ["ChangeRules"]

_HELD_VALUES = "__held_values"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRules:
    """What a set of changes makes of a table: the same, in whatever order and however often they come."""

    keys: tuple[str, ...]
    sequence_by: tuple[str, ...]
    apply_as_deletes: Condition | None = None
    apply_as_truncates: Condition | None = None
    ignore_null_updates: bool = False
    column_list: tuple[str, ...] = ()
    """Empty for all columns but those of ``except_column_list``; the keys are taken in any case."""
    except_column_list: tuple[str, ...] = ()
    stored_as_scd_type: Literal[1, 2] = 1
    track_history_column_list: tuple[str, ...] = ()
    track_history_except_column_list: tuple[str, ...] = ()
    from_snapshots: bool = False
    """Whether rows are all that there are at a time, so that a key that is missing is deleted."""
    uncompared: tuple[str, ...] = field(default=())
    """Columns that say where a row came from, not what it is."""

    def of_snapshots(self) -> ChangeRules:
        """Return the same rules for rows that are all there are at a time."""
        return replace(self, from_snapshots=True)

    # Columns

    def row_type(self, feed: StructType, held: StructType | None = None) -> StructType:
        """Return the columns that the table takes of a feed; what only the table has, also within one, stays in it."""
        taken = [each for each in feed if self._is_taken(each.name)]
        before = {each.name.lower(): each for each in held or ()}
        names = {each.name.lower() for each in taken}
        more = [
            each for key, each in before.items() if key not in names and each.name not in (START_AT, END_AT)
        ]
        return StructType(
            [*(_together(each, before.get(each.name.lower())) for each in taken), *map(_nullable, more)]
        )

    @property
    def has_history(self) -> bool:
        """Whether a key may have several rows, each with its time."""
        return self.stored_as_scd_type == 2

    @property
    def match(self) -> tuple[str, ...]:
        """The columns by which a row of the table is found."""
        return (*self.keys, START_AT) if self.has_history else self.keys

    def table_shows_changes(self, row_type: StructType) -> bool:
        """Say whether each row of the table is one of the changes as it came, so that it need not be kept beside."""
        if self.from_snapshots:
            return True
        if self.ignore_null_updates or self._shows_later_values:
            return False
        return self.has_history or all(name in row_type.names for name in self.sequence_by)

    @property
    def binding(self) -> Mapping[str, str]:
        """What can't be declared otherwise while the table stands: it says what is kept of the changes."""
        row_shows_sequence = all(self._is_taken(name) for name in self.sequence_by)
        return {
            "keys": ", ".join(self.keys),
            "sequence_by": ", ".join(self.sequence_by),
            "stored_as_scd_type": str(self.stored_as_scd_type),
            "from snapshots": str(self.from_snapshots),
            "ignore_null_updates": str(self.ignore_null_updates),
            "track_history_column_list": ", ".join(self.track_history_column_list),
            "track_history_except_column_list": ", ".join(self.track_history_except_column_list),
            "columns of sequence_by in the table": str(self.has_history or row_shows_sequence),
        }

    # Changes

    def of_feed(self, rows: DataFrame, row_type: StructType) -> DataFrame:
        """Return the changes that rows of a feed are, truncations left out."""
        deletes = self._holds(self.apply_as_deletes)
        if self.apply_as_truncates is not None:
            rows = rows.where(~self._holds(self.apply_as_truncates))
        values = F.struct(*(_value(each, rows.schema) for each in row_type))
        return rows.select(
            self._key().alias(KEY),
            self.sequence().alias(SEQUENCE),
            deletes.alias(DELETED),
            F.when(~deletes, values).alias(ROW),
            F.lit(int(Origin.FEED)).alias(ORIGIN),
            F.struct(*(F.col(quoted(name)) for name in rows.columns)).alias(GIVEN),
        )

    def truncations(self, rows: DataFrame) -> DataFrame | None:
        """Return the rows of a feed that truncate; None where none can."""
        return None if self.apply_as_truncates is None else rows.where(self._holds(self.apply_as_truncates))

    def of_table(
        self, held: DataFrame, row_type: StructType, *, like: DataFrame, last: Column | None = None
    ) -> DataFrame:
        """Return the changes that rows of the table show, in the columns of ``like``.

        ``last``: the last snapshot, which every row stands for.
        """
        sequence = F.col(START_AT) if self.has_history else self.sequence() if last is None else last
        values = F.struct(*(_value(each, held.schema) for each in row_type))
        return held.select(
            self._key().alias(KEY),
            sequence.alias(SEQUENCE),
            F.lit(False).alias(DELETED),
            values.alias(ROW),
            F.lit(int(Origin.TABLE)).alias(ORIGIN),
            F.lit(None).cast(like.schema[GIVEN].dataType).alias(GIVEN),
        )

    def sequence(self) -> Column:
        """Return the order of a row of the feed, or of a table that takes the columns which it is made of."""
        columns = [F.col(quoted(name)) for name in self.sequence_by]
        return columns[0] if len(columns) == 1 else F.struct(*columns)

    def part_of_sequence(self, name: str) -> Column:
        """Return one of the columns of ``sequence_by`` out of a change's sequence."""
        return F.col(SEQUENCE) if len(self.sequence_by) == 1 else F.col(SEQUENCE).getField(name)

    # Decisions

    def decided(self, changes: DataFrame, row_type: StructType, *, cleared_at: Column | None) -> DataFrame:
        """Return all changes of some keys, each with what becomes of it.

        ``cleared_at``: the sequence of the last truncation, or of the last snapshot of earlier batches; NULL where
        there was none.
        """
        compared = compared_part(ROW, row_type, leave_out=self.uncompared)
        ties = [F.col(ROW).getField(name) for name in self.uncompared if name in row_type.names]
        changes = with_counting(changes, compared=compared, late=self._is_late(cleared_at), ties=ties)
        changes = changes.withColumn(SHOWN, F.col(ROW))
        if self.ignore_null_updates:
            changes = with_nulls_filled(changes, row_type=row_type, keep_nulls=self.keys)
        if not self.has_history:
            return with_newest(changes, older_ones_give_values=self.ignore_null_updates)
        tracked = compared_part(SHOWN, self._tracked(row_type), leave_out=self.uncompared)
        return with_intervals(changes, tracked=tracked, later_values_show=self._shows_later_values)

    def shown(self, decided: DataFrame) -> DataFrame:
        """Return the rows of the table that these changes make, in its columns."""
        columns = [F.col(f"{SHOWN}.*")]
        if self.has_history:
            columns += [F.col(SEQUENCE).alias(START_AT), F.col(END_AT)]
        return decided.where(F.col(SHOWS)).select(*columns)

    def to_write(self, decided: DataFrame, held: DataFrame) -> DataFrame:
        """Return what to write over the rows that the table holds of these keys; see ``written_rows``."""
        shown = self.shown(decided)
        table_type = shown.schema
        values = F.struct(*(_value(each, held.schema) for each in table_type))
        theirs = held.select(*map(quoted, self.match), values.alias(VALUES))
        ours = shown.select(
            *map(quoted, self.match),
            F.struct(*(F.col(quoted(each)) for each in table_type.names)).alias(VALUES),
        )
        compared = [each for each in table_type if each.name not in self.uncompared]
        differs = F.lit(False)
        for each in compared:
            one = comparable(F.col(VALUES).getField(each.name), each.dataType)
            other = comparable(F.col(_HELD_VALUES).getField(each.name), each.dataType)
            differs = differs | ~one.eqNullSafe(other)
        return written_rows(ours, theirs, match=self.match, differs=differs, held_name=_HELD_VALUES)

    def _is_late(self, cleared_at: Column | None) -> Column:
        if cleared_at is None:
            return F.lit(False)
        if self.from_snapshots:
            return (F.col(ORIGIN) == F.lit(int(Origin.FEED))) & (F.col(SEQUENCE) <= cleared_at)
        return F.col(SEQUENCE) < cleared_at

    @property
    def _shows_later_values(self) -> bool:
        return bool(self.track_history_column_list or self.track_history_except_column_list)

    def _tracked(self, row_type: StructType) -> StructType:
        if self.track_history_column_list:
            return StructType([each for each in row_type if each.name in self.track_history_column_list])
        # When a change came is not what it says: by the order alone, no two changes would be equal.
        left_out = (*self.track_history_except_column_list, *self.sequence_by)
        return StructType([each for each in row_type if each.name not in left_out])

    def _is_taken(self, name: str) -> bool:
        if name in self.keys:
            return True
        if self.column_list:
            return name in self.column_list
        return name not in self.except_column_list

    def _key(self) -> Column:
        return F.struct(*(F.col(quoted(name)) for name in self.keys))

    def _holds(self, condition: Condition | None) -> Column:
        if condition is None:
            return F.lit(False)
        return F.coalesce(F.expr(condition) if isinstance(condition, str) else condition(), F.lit(False))


def _nullable(given: StructField) -> StructField:
    return StructField(given.name, given.dataType, True, given.metadata)


def _together(feed: StructField, held: StructField | None) -> StructField:
    if held is None:
        return _nullable(feed)
    return StructField(feed.name, all_fields(held.dataType, feed.dataType), True, feed.metadata)


def _value(wanted: StructField, there: StructType) -> Column:
    return value_for(wanted, there, lambda name: F.col(quoted(name)))
