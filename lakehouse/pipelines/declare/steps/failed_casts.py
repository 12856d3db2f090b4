"""Rows with a failed cast and the steps after it: they pass by every step that could take them away."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.steps.interface import Step, StepContext
from lakehouse.quality import CAST_ERRORS
from lakehouse.tables import quoted

__all__ = ["aligned", "apply_steps", "failed_rows", "good_rows", "has_failed_casts", "with_failed"]


def apply_steps(steps: Sequence[Step], frame: DataFrame, context: StepContext) -> DataFrame:
    """Apply steps one after the other. Rows with failed casts come out at the end, in CAST_ERRORS what failed."""
    set_aside = []
    for step in steps:
        if has_failed_casts(frame) and not step.keeps_failed_casts:
            set_aside.append(failed_rows(frame))
            frame = good_rows(frame)
        frame = step.apply(frame, context)
    for each in set_aside:
        frame = with_failed(frame, each)
    return frame


def has_failed_casts(frame: DataFrame) -> bool:
    """Say whether rows of ``frame`` may carry failed casts."""
    return CAST_ERRORS in frame.columns


def good_rows(frame: DataFrame) -> DataFrame:
    """Return the rows whose casts all went well, without CAST_ERRORS."""
    return frame.where(F.col(CAST_ERRORS).isNull()).drop(CAST_ERRORS)


def failed_rows(frame: DataFrame) -> DataFrame:
    """Return the rows of which a cast failed."""
    return frame.where(F.col(CAST_ERRORS).isNotNull())


def with_failed(frame: DataFrame, failed: DataFrame) -> DataFrame:
    """Return the rows of ``frame`` and, in its columns, those of ``failed``."""
    if not has_failed_casts(frame):
        frame = frame.withColumn(CAST_ERRORS, F.lit(None).cast(failed.schema[CAST_ERRORS].dataType))
    return frame.unionByName(failed.select(*aligned(failed, frame)))


def aligned(rows: DataFrame, like: DataFrame) -> list[Column]:
    """Return the columns of ``like``, filled from ``rows`` where these have the same name and type, else NULL."""
    there = {field.name: field.dataType for field in rows.schema.fields}
    return [
        F.col(quoted(field.name))
        if there.get(field.name) == field.dataType
        else F.lit(None).cast(field.dataType).alias(field.name)
        for field in like.schema.fields
    ]
