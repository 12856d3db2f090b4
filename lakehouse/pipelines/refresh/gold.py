"""Gold: results."""

from __future__ import annotations

from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["GoldAggregationPipeline"]


class GoldAggregationPipeline(TablePipeline):
    """Computes each result for itself: what becomes of the old one, its write mode says."""
