"""Silver: clean rows; work that several tables have in common is done once."""

from __future__ import annotations

from typing import ClassVar

from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["SilverCleansePipeline"]


class SilverCleansePipeline(TablePipeline):
    """Shares its first steps with the tables that begin in the same way."""

    shares_steps: ClassVar[bool] = True
