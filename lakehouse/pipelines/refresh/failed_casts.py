"""Rows of a batch whose casts failed: set aside before a step could lose them, and found again for the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.steps.failed_casts import aligned, failed_rows, good_rows, has_failed_casts
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import quoted

__all__ = ["ROW_AT_CAST", "FailedCasts"]

ROW_AT_CAST = "_row_at_cast"
"""The column of a quarantine with a row as it was cast, as JSON, where the table has not all of its columns."""


@dataclass(slots=True)
class FailedCasts:
    """What was set aside on the way of a batch. Ask only after an action went through all of it."""

    _found: list[tuple[DataFrame, Observation]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._found)

    def leave_before(self, step: Step, frame: DataFrame) -> bool:
        """Say whether rows of ``frame`` are to be set aside before ``step``: it does not keep failed casts."""
        return not step.keeps_failed_casts and has_failed_casts(frame)

    def set_aside(self, frame: DataFrame) -> DataFrame:
        """Return the rows whose casts went well; the others are set aside, by a second look at ``frame``."""
        point = Observation()
        self._found.append((failed_rows(frame), point))
        return good_rows(frame.observe(point, F.count_if(F.col(CAST_ERRORS).isNotNull()).alias("rows")))

    def go_on_from(self, other: FailedCasts) -> None:
        """Take over what was set aside on the way to a frame that this one goes on from."""
        self._found = [*other._found, *self._found]

    def rows(self, like: DataFrame) -> Sequence[DataFrame]:
        """Return the rows in the columns of ``like`` with ``_errors``; nothing is read where none failed."""
        # A point that the optimizer cut off has no entry: nobody knows whether rows failed there.
        return [_quarantined(rows, like) for rows, point in self._found if point.get.get("rows") != 0]


def _quarantined(rows: DataFrame, like: DataFrame) -> DataFrame:
    kept = {(each.name, each.dataType) for each in like.schema.fields}
    own = [each for each in rows.schema.fields if each.name != CAST_ERRORS]
    columns = [*aligned(rows, like), F.col(CAST_ERRORS).alias("_errors")]
    if any((each.name, each.dataType) not in kept for each in own):
        whole = F.to_json(F.struct(*(F.col(quoted(each.name)) for each in own)))
        columns.append(whole.alias(ROW_AT_CAST))
    return rows.select(*columns)
