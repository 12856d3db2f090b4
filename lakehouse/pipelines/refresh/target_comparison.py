"""Compare a batch with the rows that its table holds, and open only files that can hold one of its keys."""

from __future__ import annotations

import logging
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
from lakehouse.pipelines.refresh.shared_frames import SteppedRows
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import (
    IWritableDeltaTable,
    KeyBounds,
    KeyRange,
    TableLog,
    bounds_of_keys,
    hull,
    may_have_key_in,
    narrowed_by_index,
    quoted,
)

__all__ = ["TargetComparison"]

_log = logging.getLogger(__name__)

_FEW_FILES = 8
_FEW_BYTES = 16 << 20
"""A table up to this size is read whole: to look at the batch first would take as long."""
_FEW_ROWS = 100_000
"""The keys of so many rows are sent to all who read the table's files."""


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
        snapshot, look_back = self._log.at(version), step.look_back()
        totals = snapshot.totals
        if look_back is None and totals.file_count <= _FEW_FILES and totals.size_bytes <= _FEW_BYTES:
            return self._target.read(version=version)
        # The keys are looked at before the rows are compared: what computes them must not run twice.
        rows = self._kept(frame)
        ranged = columns if look_back is None else list(dict.fromkeys([*columns, look_back.column]))
        schema = self._log.schema(version=version)
        separation = snapshot.separation([name for name in ranged if name in schema.names])
        bounds = bounds_of_keys(rows, ranged, held=schema, separation=separation)
        sought = bounds.groups
        if look_back is not None:
            sought = [_within(look_back, group, columns) for group in sought]
            label = f"not compared with rows of {self._name} beyond {look_back.text}"
            counter.note(label, _rows_beyond(snapshot, look_back, bounds, columns))
        files = self._log.candidates(version=version, where=may_have_key_in(sought))
        if files is None:
            held = self._target.read(version=version, where=may_have_key_in(hull(sought)))
        else:
            files = narrowed_by_index(
                files,
                keys=rows,
                key_count=bounds.row_count,
                columns=columns,
                table=self._target,
                version=version,
                held=schema,
            )
            _log.info("%s: %d files of %d are compared with", self._name, len(files.paths), totals.file_count)
            if not files.paths:
                return None
            held = self._target.read_files(files, version=version)
        return _with_key_among(held, rows, columns) if bounds.row_count <= _FEW_ROWS else held

    def _kept(self, frame: DataFrame) -> DataFrame:
        if frame.storageLevel == StorageLevel.NONE:
            self._persisted.append(frame.persist())
        return frame.where(F.col(CAST_ERRORS).isNull()) if CAST_ERRORS in frame.columns else frame


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


def _with_key_among(held: DataFrame, keys: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the held rows that have one of the keys: few enough that the held rows needn't be sorted or sent."""
    names = {name: f"__lakehouse_key_{number}" for number, name in enumerate(columns)}
    wanted = keys.select(*(F.col(quoted(name)).alias(alias) for name, alias in names.items()))
    alike = F.lit(True)
    for name, alias in names.items():
        alike = alike & held[quoted(name)].eqNullSafe(wanted[alias])
    return held.join(F.broadcast(wanted), alike, "left_semi")
