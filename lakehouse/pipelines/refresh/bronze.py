"""Bronze: rows come in as they are, each exactly once."""

from __future__ import annotations

from lakehouse.pipelines.refresh.table_pipeline import TablePipeline

__all__ = ["BronzeIngestionPipeline"]


class BronzeIngestionPipeline(TablePipeline):
    """Takes what its source finds. Nothing is shared: what two Bronze tables read, each reads for itself."""
