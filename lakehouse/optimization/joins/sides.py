"""What is known of the two sides of a join before any row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["UNKNOWN", "HeavyKey", "JoinSide", "JoinSides", "kind_of_join"]

_KINDS = {
    "inner": "inner",
    "cross": "cross",
    "left": "left",
    "leftouter": "left",
    "right": "right",
    "rightouter": "right",
    "full": "full",
    "outer": "full",
    "fullouter": "full",
    "semi": "semi",
    "leftsemi": "semi",
    "anti": "anti",
    "leftanti": "anti",
}


def kind_of_join(how: str) -> str | None:
    """Return one word for each kind of join that Spark has several for; None for a word that it doesn't know."""
    return _KINDS.get(how.lower().replace("_", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavyKey:
    """A key that many rows of a side have."""

    values: tuple[Any, ...]
    """A value for each column of the key."""
    share: float
    """Of the side's rows, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSide:
    """One side. What nobody knows is None."""

    size_bytes: int | None = None
    """Of its data files, compressed."""
    row_count: int | None = None
    is_bound: bool = False
    """Whether the side has no more than that: a table, or a part of one. Else it may be wrong by any factor."""
    heavy_keys: tuple[HeavyKey, ...] = ()
    key_share: float = 1
    """The share of its files that a usual key lies in, told from their bounds."""

    @property
    def heaviest_share(self) -> float:
        """The share of the rows that have the most frequent key; 0 where no key is known to be frequent."""
        return max((key.share for key in self.heavy_keys), default=0.0)


UNKNOWN = JoinSide()


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSides:
    """A join to be decided about."""

    left: JoinSide = UNKNOWN
    right: JoinSide = UNKNOWN
    kind: str
    """``inner``, ``left``, ``right``, ``full``, ``semi``, ``anti`` or ``cross``."""
    same_key_types: bool = True
    """Whether the columns of the key have the same types on both sides."""
    parallelism: int = 1
    """How many tasks run at once."""
    broadcast_bytes: int = 32 << 20
    """How large the files of a side may be that each task gets whole; in memory they are several times as large."""

    @property
    def size_bytes(self) -> int | None:
        """The size of both sides; None where one is not known."""
        if self.left.size_bytes is None or self.right.size_bytes is None:
            return None
        return self.left.size_bytes + self.right.size_bytes
