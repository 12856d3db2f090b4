"""What becomes of the rows that a table holds when it takes a batch."""

from __future__ import annotations

from enum import Enum

__all__ = ["OldRows"]


class OldRows(Enum):
    """A write mode says it; steps that look at the table's own rows go by it."""

    STAY = "stay"
    """As they are: new rows come beside them."""
    MAY_CHANGE = "may change"
    """Some are updated, the others stay."""
    PARTS_GO = "parts go"
    """Those of the parts that come, and with them the rows that were quarantined beside them; the others stay."""
    DECIDED = "decided"
    """The mode itself decides about them, together with the rows that come: steps don't look at them."""
    GO = "go"
    """All of them, and with them the rows that were quarantined beside them."""
