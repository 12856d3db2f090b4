"""What it costs to bring the rows of two sides together."""

from __future__ import annotations

from lakehouse.optimization.joins.sides import JoinSides

__all__ = ["READ", "SHUFFLED", "SORTED", "shuffle_cost"]

READ = 1
"""A byte that is read from files."""
SHUFFLED = 2
"""A byte that is shuffled is written and read."""
SORTED = 1
"""What sorting a byte takes beside that."""


def shuffle_cost(sides: JoinSides, *, per_byte: float) -> float | None:
    """Return what a join by shuffle costs: all tasks read, and then one with a frequent key may work alone."""
    if sides.left.size_bytes is None or sides.right.size_bytes is None:
        return None
    size = sides.left.size_bytes + sides.right.size_bytes
    longest = max(
        side.heaviest_share * (side.size_bytes or 0) * per_byte for side in (sides.left, sides.right)
    )
    return READ * size + max(per_byte * size, longest * sides.parallelism)
