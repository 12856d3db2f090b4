"""Column lineage: where the columns of every table come from. It reads plans of empty frames, and no data."""

from lakehouse.pipelines.check.lineage.kept import keep_lineage, kept_lineage
from lakehouse.pipelines.check.lineage.model import (
    ColumnName,
    Edge,
    Influence,
    OpaqueStep,
    PipelineLineage,
    TableLineage,
)
from lakehouse.pipelines.check.lineage.reading import lineage_of

__all__ = [
    "ColumnName",
    "Edge",
    "Influence",
    "OpaqueStep",
    "PipelineLineage",
    "TableLineage",
    "keep_lineage",
    "kept_lineage",
    "lineage_of",
]
