"""What rules see of a table that has no rows yet, and of tables that are frames and have no log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

from pyspark.sql import Column, DataFrame

__all__ = ["NoRowsYet"]


class NoRowsYet:
    """Answers the rules of such a table (a RuleContext); ``frame_of`` gives another table by its name."""

    def __init__(
        self, frame_of: Callable[[str], DataFrame], *, own_names: Collection[str], now: dt.datetime
    ) -> None:
        self.now = now
        self._frame_of = frame_of
        self._own_names = own_names
        self._stays: Column | None = None
        self.told_what_stays = False
        """Whether an answer depended on which rows of the batch stay."""

    def judging(self, rows: DataFrame, *, stays: Column | None = None) -> NoRowsYet:
        """Return the answers for these rows; ``stays`` says which of them no other rule takes out."""
        self._stays = stays
        return self

    def staying(self, rows: DataFrame) -> DataFrame:
        return rows if self._stays is None else rows.where(self._stays)

    def own_rows(self, rows: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        return None

    def rows_of(self, table: str, rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        if table not in self._own_names:
            return self._frame_of(table)
        self.told_what_stays = True
        return self.staying(rows)

    def all_rows_of(self, table: str) -> DataFrame:
        return self._frame_of(table)

    def own_rows_that_stay(self) -> DataFrame | None:
        return None

    def earlier_measures(self, rule: str, most: int) -> Sequence[float]:
        return ()

    def note_measure(self, rule: str, value: float) -> None:
        """There is no later batch to compare with."""

    def own_row_count(self) -> int:
        return 0

    def has_rows_since(self, column: str, moment: dt.datetime) -> bool:
        return False
