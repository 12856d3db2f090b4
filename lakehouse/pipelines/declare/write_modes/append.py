"""Append: new rows come beside those that the table holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.write_modes.interface import WriteMode
from lakehouse.quality import Contract
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from lakehouse.words import word

__all__ = ["Append"]


@word("append")
@dataclass(frozen=True, slots=True, kw_only=True)
class Append(WriteMode):
    """Adds the rows; ``evolve_schema`` lets columns come, go and grow: one that no longer comes is NULL."""

    old_rows: ClassVar[OldRows] = OldRows.STAY
    schema_binds: ClassVar[bool] = True
    only_adds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    evolve_schema: bool = False

    @property
    def name(self) -> str:
        return "append"

    @property
    def takes_new_columns(self) -> bool:
        return self.evolve_schema

    @property
    def widens_columns(self) -> bool:
        return self.evolve_schema

    @property
    def misses_columns(self) -> bool:
        return self.evolve_schema

    def under(self, contract: Contract) -> Append:
        return replace(self, evolve_schema=True) if contract.columns == "evolve" else self

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.append(frame, transaction=transaction, evolve_schema=self.evolve_schema)
