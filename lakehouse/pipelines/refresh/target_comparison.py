"""Compare a batch with the rows that its table holds, and open only files that can hold one of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.rows_with_keys import RowsWithKeys
from lakehouse.pipelines.refresh.shared_frames import SteppedRows
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import IWritableDeltaTable, TableLog

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
        look_back, known = step.look_back(), RowsWithKeys(self._log, self._target, name=self._name)
        if look_back is None and known.are_few(version=version):
            return self._target.read(version=version)
        # The keys are looked at before the rows are compared: what computes them must not run twice.
        rows = self._kept(frame)
        return known.among(rows, columns, version=version, look_back=look_back, counter=counter)

    def _kept(self, frame: DataFrame) -> DataFrame:
        if frame.storageLevel == StorageLevel.NONE:
            self._persisted.append(frame.persist())
        return frame.where(F.col(CAST_ERRORS).isNull()) if CAST_ERRORS in frame.columns else frame


def _as_it_is(frame: DataFrame) -> DataFrame:
    return frame
