"""What a way to join is: it says what it would cost, or that it can't, and joins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.optimization.joins.sides import JoinSides
from lakehouse.words import Words

__all__ = ["JoinRequest", "JoinStrategy", "Offer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a strategy would cost."""

    cost: float
    """In bytes that are moved or sorted, spread over all tasks; 0 for a way that no other can beat."""
    reason: str
    """Numbers that decide: ``right side 312 KB ≤ 10 MB``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """What is to be joined, and what is known of it."""

    on: tuple[str, ...]
    how: str
    sides: JoinSides


class JoinStrategy(ABC):
    """One way to join. A new one is a subclass in a file of its own; ``@word("name")`` registers it.

    ``join`` gives the rows and columns of ``left.join(right, on=[…], how=…)``, whatever is known wrongly.
    """

    words: ClassVar[Words] = Words("join strategy")
    is_sparks_own: ClassVar[bool] = False
    """Whether Spark joins so by itself: another way has to be clearly cheaper."""
    waits_for_heavy_keys: ClassVar[bool] = False
    """Whether one task gets all rows of a key, so that it pays to look for frequent ones first."""

    @property
    def name(self) -> str:
        """The word that it is registered for, or its class."""
        return next((word for word, cls in self.words.items() if cls is type(self)), type(self).__name__)

    @abstractmethod
    def offer(self, sides: JoinSides) -> Offer | None:
        """Return what it would cost; None where it can't join so, or where too little is known to choose it."""

    @abstractmethod
    def join(self, left: DataFrame, right: DataFrame, request: JoinRequest) -> DataFrame:
        """Join."""
