"""Arrange tables for their readers, and choose how two frames are joined. It never changes a row.

What joins is on Spark, and loads it when it is first used; what arranges files does without.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lakehouse.optimization.errors import RowsNotKeptError, UnclusterableColumnError, UnjoinableError
from lakehouse.optimization.layouts import (
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
    Proposal,
    QueryOptimizer,
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

__all__ = [
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
    "Proposal",
    "QueryOptimizer",
    "Rewrite",
    "RewriteProposal",
    "Rewriter",
    "RewritingStrategy",
    "Rewritten",
    "RowsNotKeptError",
    "SaltedJoin",
    "ShuffleHashJoin",
    "SortMergeJoin",
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
    "kind_of_join",
    "side_of_table",
    "size_text",
]


def __getattr__(name: str) -> Any:
    """Load the joins when one of their names is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module("lakehouse.optimization.joins"), name)
    return found
