"""Replace: the rows take the place of all that the table holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from lakehouse.words import word

__all__ = ["Replace"]


@word("replace")
@dataclass(frozen=True, slots=True, kw_only=True)
class Replace(WriteMode):
    """Puts the rows in place of all that the table holds; the old version stays readable."""

    old_rows: ClassVar[OldRows] = OldRows.GO
    schema_binds: ClassVar[bool] = False
    rebuilt_when_redefined: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return "replace"

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.replace(frame, transaction=transaction)
