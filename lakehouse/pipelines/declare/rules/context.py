"""What a rule may ask for beside the rows that it judges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from pyspark.sql import DataFrame

__all__ = ["RuleContext"]


class RuleContext(Protocol):
    """The table that takes the rows, and the tables beside it at the versions that the batch names.

    Whoever answers opens only files that can hold one of the keys that are asked for.
    """

    @property
    def now(self) -> dt.datetime:
        """When the batch was decided, in UTC."""

    def staying(self, rows: DataFrame) -> DataFrame:
        """Return those of the batch's ``rows``, which have all its columns, that no other rule takes out."""

    def own_rows(self, rows: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        """Return those of the table's rows that stay when the batch is written; None where there are none.

        At least all that have the same values as one of ``rows`` in ``columns``.
        """

    def rows_of(self, table: str, rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        """Return rows of another table; ``columns`` of ``rows`` by those of the table that they meet.

        At least all that have the same values in these columns as one of ``rows``. Of the table that takes the rows
        they are its own that stay, and those of the batch that no other rule takes out.
        """

    def all_rows_of(self, table: str) -> DataFrame:
        """Return another table, whole."""

    def own_rows_that_stay(self) -> DataFrame | None:
        """Return all of the table's rows that stay when the batch is written; None where there are none."""

    def earlier_measures(self, rule: str, most: int) -> Sequence[float]:
        """Return what a rule noted of the last batches that the table took, at most so many of them."""

    def note_measure(self, rule: str, value: float) -> None:
        """Note what a rule measured of this batch, for later ones to be compared with."""

    def own_row_count(self) -> int:
        """Return how many of the table's rows stay when the batch is written."""

    def has_rows_since(self, column: str, moment: dt.datetime) -> bool:
        """Say whether the table may hold a row whose date or timestamp is not before ``moment``, by its log."""
