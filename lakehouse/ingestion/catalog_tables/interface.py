"""What a table elsewhere is, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.words import Words

__all__ = ["CatalogTable"]


@dataclass(frozen=True, slots=True)
class CatalogTable(ABC):
    """One table, by its name or its path (Strategy). A new format is one file with one subclass, and its word.

    A version is a text; reading it twice gives the same rows, where the format has versions.
    """

    words: ClassVar[Words] = Words("table format")
    has_versions: ClassVar[bool] = True
    """Whether a version can be read when there is a newer one, and rows that came since be told apart."""
    takes_paths: ClassVar[bool] = False
    """Whether a table may be named by its folder."""

    spark: SparkSession
    name: str
    """As the user writes it: ``catalog.schema.table``."""

    @abstractmethod
    def version(self) -> str | None:
        """Return the newest version; None while there was never a row. Raises Spark's error where there is no table."""

    @abstractmethod
    def schema(self) -> StructType:
        """Return the columns as they are now. Raises Spark's error where there is no table."""

    @abstractmethod
    def rows(self, version: str) -> DataFrame:
        """Return all rows of a version."""

    def added(self, *, after: str, through: str) -> DataFrame:
        """Return the rows that versions ``(after, through]`` added; ask ``why_not_appended`` first."""
        raise NotImplementedError

    def why_not_appended(self, *, after: str, through: str) -> str | None:
        """Return what versions ``(after, through]`` did beside adding rows; None for nothing else."""
        raise NotImplementedError
