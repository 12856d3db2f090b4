"""Compare a batch with the rows that its table holds, and open only files that can hold one of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.shared_frames import SteppedRows
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import IWritableDeltaTable, TableLog, bounds_of_keys, hull, may_have_key_in, quoted

__all__ = ["TargetComparison"]

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
            held = self._held(frame, columns, version=state.version)
            leave_out = partial(step.without_held, held=held, columns=columns, old_rows=self._old_rows)
            frame = counter.around(f"already in {self._name}", frame, leave_out)
        return frame

    def release(self) -> None:
        """Let go of what was kept in memory."""
        for frame in self._persisted:
            frame.unpersist()
        self._persisted.clear()

    def _held(self, frame: DataFrame, columns: Sequence[str], *, version: int) -> DataFrame:
        """Return the table's rows that can be alike one of the frame's, and more."""
        snapshot = self._log.at(version)
        totals = snapshot.totals
        if totals.file_count <= _FEW_FILES and totals.size_bytes <= _FEW_BYTES:
            return self._target.read(version=version)
        schema = self._log.schema(version=version)
        separation = snapshot.separation([name for name in columns if name in schema.names])
        # The keys are looked at before the rows are compared: what computes them must not run twice.
        keys = self._kept(frame).select(*(F.col(quoted(name)) for name in columns))
        bounds = bounds_of_keys(keys, columns, held=schema, separation=separation)
        files = self._log.candidates(version=version, where=may_have_key_in(bounds.groups))
        if files is None:
            held = self._target.read(version=version, where=may_have_key_in(hull(bounds.groups)))
        else:
            held = self._target.read_files(files, version=version)
        return _with_key_among(held, keys, columns) if bounds.row_count <= _FEW_ROWS else held

    def _kept(self, frame: DataFrame) -> DataFrame:
        if frame.storageLevel == StorageLevel.NONE:
            self._persisted.append(frame.persist())
        return frame.where(F.col(CAST_ERRORS).isNull()) if CAST_ERRORS in frame.columns else frame


def _with_key_among(held: DataFrame, keys: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the held rows that have one of the keys: few enough that the held rows needn't be sorted or sent."""
    names = {name: f"__lakehouse_key_{number}" for number, name in enumerate(columns)}
    wanted = keys.select(*(F.col(quoted(name)).alias(alias) for name, alias in names.items()))
    alike = F.lit(True)
    for name, alias in names.items():
        alike = alike & held[quoted(name)].eqNullSafe(wanted[alias])
    return held.join(F.broadcast(wanted), alike, "left_semi")
