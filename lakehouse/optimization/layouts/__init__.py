"""How a table's files lie for those who read them. Without Spark; it changes files and never a row."""

from lakehouse.optimization.layouts.arrow_rewriter import ArrowRewriter
from lakehouse.optimization.layouts.budget import Budget
from lakehouse.optimization.layouts.checkpointing import Checkpointing
from lakehouse.optimization.layouts.clustering import Clustering
from lakehouse.optimization.layouts.compaction import Compaction
from lakehouse.optimization.layouts.deletion_vectors import DeletionVectorPurge
from lakehouse.optimization.layouts.loads import Load, WorthRule
from lakehouse.optimization.layouts.probing import Probe, ProbeTimes, ReadingProbe
from lakehouse.optimization.layouts.query_optimizer import Outcome, QueryOptimizer, Status
from lakehouse.optimization.layouts.readers_filters import filters_of_readers, keep_filters
from lakehouse.optimization.layouts.readers_needs import NO_NEEDS, ReadersNeeds, needs_of_readers
from lakehouse.optimization.layouts.rewriter import Rewrite, Rewriter, Rewritten
from lakehouse.optimization.layouts.rewriting import RewriteProposal, RewritingStrategy
from lakehouse.optimization.layouts.strategy import Proposal, Stage, Strategy
from lakehouse.optimization.layouts.table import FileFacts, MaintainedTable, TableFacts
from lakehouse.optimization.layouts.vacuuming import Vacuuming
from lakehouse.optimization.layouts.workload import Workload

__all__ = [
    "NO_NEEDS",
    "ArrowRewriter",
    "Budget",
    "Checkpointing",
    "Clustering",
    "Compaction",
    "DeletionVectorPurge",
    "FileFacts",
    "Load",
    "MaintainedTable",
    "Outcome",
    "Probe",
    "ProbeTimes",
    "Proposal",
    "QueryOptimizer",
    "ReadersNeeds",
    "ReadingProbe",
    "Rewrite",
    "RewriteProposal",
    "Rewriter",
    "RewritingStrategy",
    "Rewritten",
    "Stage",
    "Status",
    "Strategy",
    "TableFacts",
    "Vacuuming",
    "Workload",
    "WorthRule",
    "filters_of_readers",
    "keep_filters",
    "needs_of_readers",
]
