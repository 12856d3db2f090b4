"""What rules see when a definition is checked: tables of the declared types, without a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from pyspark.sql import DataFrame

from lakehouse.pipelines.check.empty_tables import EmptyTables

__all__ = ["EmptyRules"]


class EmptyRules:
    """Answers rules from empty tables (a RuleContext)."""

    def __init__(self, empty: EmptyTables, *, own_names: Collection[str]) -> None:
        self._empty = empty
        self._own_names = own_names

    @property
    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def own_rows(self, rows: DataFrame, columns: Sequence[str]) -> DataFrame | None:
        return None

    def rows_of(self, table: str, rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        return rows if table in self._own_names else self._empty.table(table).frame

    def all_rows_of(self, table: str) -> DataFrame:
        return self._empty.table(table).frame

    def own_rows_that_stay(self) -> DataFrame | None:
        return None

    def earlier_measures(self, rule: str, most: int) -> Sequence[float]:
        return ()

    def note_measure(self, rule: str, value: float) -> None:
        """Nothing is measured here."""

    def own_row_count(self) -> int:
        return 0

    def has_rows_since(self, column: str, moment: dt.datetime) -> bool:
        return False
