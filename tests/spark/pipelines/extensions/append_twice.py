"""A write mode from outside: it writes every row two times over, in one commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines import OldRows, WriteMode, word
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId


@word("append_twice")
@dataclass(frozen=True, slots=True, kw_only=True)
class AppendTwice(WriteMode):
    """Appends the rows and the same rows again."""

    old_rows: ClassVar[OldRows] = OldRows.STAY
    schema_binds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return "append twice"

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.append(frame.union(frame), transaction=transaction)
