"""How two frames are joined: the way is chosen by what is known of them, and every way gives the same rows."""

from lakehouse.optimization.joins.broadcasting import BroadcastJoin
from lakehouse.optimization.joins.join_optimizer import Choice, JoinOptimizer
from lakehouse.optimization.joins.key_filter import KeyFilterJoin
from lakehouse.optimization.joins.left_to_spark import SparksChoice
from lakehouse.optimization.joins.salting import SaltedJoin
from lakehouse.optimization.joins.shuffling import ShuffleHashJoin, SortMergeJoin
from lakehouse.optimization.joins.sides import HeavyKey, JoinSide, JoinSides, kind_of_join
from lakehouse.optimization.joins.statistics import side_of_table
from lakehouse.optimization.joins.strategy import JoinRequest, JoinStrategy, Offer

__all__ = [
    "BroadcastJoin",
    "Choice",
    "HeavyKey",
    "JoinOptimizer",
    "JoinRequest",
    "JoinSide",
    "JoinSides",
    "JoinStrategy",
    "KeyFilterJoin",
    "Offer",
    "SaltedJoin",
    "ShuffleHashJoin",
    "SortMergeJoin",
    "SparksChoice",
    "kind_of_join",
    "side_of_table",
]
