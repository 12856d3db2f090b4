"""Groups of rows in a form that can be kept, and brought up to date with new rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.steps.distinct_values import DistinctValues

__all__ = ["KeptGroups", "WholeGroups"]


class KeptGroups(ABC):
    """What a step makes of groups of rows, kept as rows from which its result follows."""

    @property
    @abstractmethod
    def key_columns(self) -> Sequence[str]:
        """The columns of kept rows that tell their group; two groups are the same where these are, NULL included."""

    @abstractmethod
    def of(self, rows: DataFrame) -> DataFrame:
        """Return the kept rows of the groups of ``rows``."""

    @property
    def merges(self) -> bool:
        """Whether kept rows of parts of a group can be merged; else they are of use only where they are of all rows."""
        return False

    @property
    def distinct(self) -> Sequence[DistinctValues]:
        """The values that are kept beside merging rows: a value that a group has had does not count again."""
        return ()

    def merged(self, kept: DataFrame) -> DataFrame:
        """Return one kept row a group, from kept rows of parts of it."""
        raise NotImplementedError

    @abstractmethod
    def result(self, kept: DataFrame) -> DataFrame:
        """Return what the step makes of all the rows that ``kept`` stands for."""


@dataclass(frozen=True, slots=True)
class WholeGroups(KeptGroups):
    """The rows of the step's own result, which show their group in ``keys``."""

    keys: tuple[str, ...]
    make: Callable[[DataFrame], DataFrame]

    @property
    def key_columns(self) -> Sequence[str]:
        return self.keys

    def of(self, rows: DataFrame) -> DataFrame:
        return self.make(rows)

    def result(self, kept: DataFrame) -> DataFrame:
        return kept
