"""Arrange tables for their readers, and choose how two frames are joined. It never changes a row.

What joins is on Spark, and loads it when it is first used; what arranges files does without, but for ``SparkRewriter``,
which lets Spark's tasks write the files of large tables.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lakehouse.optimization.errors import (
    RewriteFailedError,
    RowsNotKeptError,
    UnclusterableColumnError,
    UnjoinableError,
)
from lakehouse.optimization.layouts import (
    NO_NEEDS,
    ArrowRewriter,
    Budget,
    Checkpointing,
    Clustering,
    Compaction,
    DeletionVectorPurge,
    FileFacts,
    Load,
    MaintainedTable,
    Outcome,
    Probe,
    ProbeTimes,
    Proposal,
    QueryOptimizer,
    ReadersNeeds,
    ReadingProbe,
    Rewrite,
    RewriteProposal,
    Rewriter,
    RewritingStrategy,
    Rewritten,
    Stage,
    Status,
    Strategy,
    TableFacts,
    Vacuuming,
    Workload,
    WorthRule,
    filters_of_readers,
    keep_filters,
    needs_of_readers,
)
from lakehouse.optimization.sizes import size_text

if TYPE_CHECKING:
    from lakehouse.optimization.joins import (
        BroadcastJoin,
        Choice,
        HeavyKey,
        JoinOptimizer,
        JoinRequest,
        JoinSide,
        JoinSides,
        JoinStrategy,
        KeyFilterJoin,
        Offer,
        SaltedJoin,
        ShuffleHashJoin,
        SortMergeJoin,
        SparksChoice,
        kind_of_join,
        side_of_table,
    )
    from lakehouse.optimization.spark_rewriter import SparkRewriter

__all__ = [
    "NO_NEEDS",
    "ArrowRewriter",
    "BroadcastJoin",
    "Budget",
    "Checkpointing",
    "Choice",
    "Clustering",
    "Compaction",
    "DeletionVectorPurge",
    "FileFacts",
    "HeavyKey",
    "JoinOptimizer",
    "JoinRequest",
    "JoinSide",
    "JoinSides",
    "JoinStrategy",
    "KeyFilterJoin",
    "Load",
    "MaintainedTable",
    "Offer",
    "Outcome",
    "Probe",
    "ProbeTimes",
    "Proposal",
    "QueryOptimizer",
    "ReadersNeeds",
    "ReadingProbe",
    "Rewrite",
    "RewriteFailedError",
    "RewriteProposal",
    "Rewriter",
    "RewritingStrategy",
    "Rewritten",
    "RowsNotKeptError",
    "SaltedJoin",
    "ShuffleHashJoin",
    "SortMergeJoin",
    "SparkRewriter",
    "SparksChoice",
    "Stage",
    "Status",
    "Strategy",
    "TableFacts",
    "UnclusterableColumnError",
    "UnjoinableError",
    "Vacuuming",
    "Workload",
    "WorthRule",
    "filters_of_readers",
    "keep_filters",
    "kind_of_join",
    "needs_of_readers",
    "side_of_table",
    "size_text",
]


def __getattr__(name: str) -> Any:
    """Load what is on Spark when one of its names is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "spark_rewriter" if name == "SparkRewriter" else "joins"
    found = globals()[name] = getattr(importlib.import_module(f"lakehouse.optimization.{module}"), name)
    return found
