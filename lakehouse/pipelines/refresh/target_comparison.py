"""Compare a batch with the rows that its table holds, and open only files that can hold one of its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.rows_by_key import RowsByKey
from lakehouse.pipelines.refresh.shared_frames import SteppedRows
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import IWritableDeltaTable, KeyBounds, KeyRange, TableLog, may_have_key_in

__all__ = ["TargetComparison"]


class TargetComparison:
    """Leaves out the rows of one batch for which the table's own rows stand. Call ``release`` when they are written."""

    def __init__(self, log: TableLog, target: IWritableDeltaTable, *, name: str, old_rows: OldRows) -> None:
        self._log = log
        self._target = target
        self._name = name
        self._old_rows = old_rows
        self._persisted: list[DataFrame] = []

    def without_held(self, rows: SteppedRows, counter: RowCounter) -> DataFrame:
        """Return the rows less those that the table holds, compared as they are to be written."""
        frame, state = rows.frame, self._log.state() if rows.compared else None
        if state is None:
            return frame
        for step, columns in rows.compared:
            held = self._held(frame, step, columns, version=state.version, counter=counter)
            leave_out = _as_it_is
            if held is not None:
                held = _with_columns_of(frame, held)
                leave_out = partial(step.without_held, held=held, columns=columns, old_rows=self._old_rows)
            frame = counter.around(f"already in {self._name}", frame, leave_out)
        return frame

    def release(self) -> None:
        """Let go of what was kept in memory."""
        for frame in self._persisted:
            frame.unpersist()
        self._persisted.clear()

    def _held(
        self, frame: DataFrame, step: Step, columns: Sequence[str], *, version: int, counter: RowCounter
    ) -> DataFrame | None:
        """Return the table's rows that can stand for one of the frame's, and more; None where there are none."""
        look_back = step.look_back()
        there = RowsByKey(log=self._log, table=self._target, version=version, name=self._name)
        if look_back is None and there.are_few:
            return there.all()
        # The keys are looked at before the rows are compared: what computes them must not run twice.
        rows = self._kept(frame)
        ranged = columns if look_back is None else list(dict.fromkeys([*columns, look_back.column]))
        bounds = there.bounds(rows, ranged)
        sought = bounds.groups
        if look_back is not None:
            sought = [_within(look_back, group, columns) for group in sought]
            label = f"not compared with rows of {self._name} beyond {look_back.text}"
            counter.note(label, _rows_beyond(self._log.at(version), look_back, bounds, columns))
        return there.among(rows, columns, bounds, sought=sought)

    def _kept(self, frame: DataFrame) -> DataFrame:
        if frame.storageLevel == StorageLevel.NONE:
            self._persisted.append(frame.persist())
        return frame.where(F.col(CAST_ERRORS).isNull()) if CAST_ERRORS in frame.columns else frame


def _with_columns_of(frame: DataFrame, held: DataFrame) -> DataFrame:
    """Return the table's rows with the columns that come to it now, in which they are NULL."""
    there = {name.lower() for name in held.columns}
    missing = {
        each.name: F.lit(None).cast(each.dataType)
        for each in frame.schema
        if each.name.lower() not in there and each.name != CAST_ERRORS
    }
    return held.withColumns(missing) if missing else held


def _as_it_is(frame: DataFrame) -> DataFrame:
    return frame


def _within(
    look_back: LookBack, group: Mapping[str, KeyRange], columns: Sequence[str]
) -> Mapping[str, KeyRange]:
    """Return where rows of the table lie that a group's rows are compared with."""
    if look_back.column in columns or look_back.column not in group:
        return group
    reached = look_back.around(group[look_back.column])
    others = {name: each for name, each in group.items() if name != look_back.column}
    return others if reached is None else {**others, look_back.column: reached}


def _rows_beyond(snapshot: Snapshot, look_back: LookBack, bounds: KeyBounds, columns: Sequence[str]) -> int:
    """Return how many rows are in groups a key of which the log doesn't rule out for a row out of their reach."""
    if look_back.column in columns:
        return 0  # rows of the same key have the same time
    count = 0
    for group, rows in zip(bounds.groups, bounds.row_counts, strict=True):
        keys = {name: each for name, each in group.items() if name in columns}
        where = may_have_key_in([keys])
        if look_back.column in group:
            where = where & look_back.beyond(group[look_back.column])
        count += rows if snapshot.files(where).num_rows else 0
    return count
