"""Merge: rows whose keys match are updated, the others are inserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pyspark.sql import DataFrame

from lakehouse.pipelines.declare.write_modes.interface import OldRows, WriteMode
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId
from lakehouse.words import word

__all__ = ["Merge"]


@word("merge")
@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(WriteMode):
    """Updates rows whose keys match and inserts the others; each key once in the rows that come."""

    yaml_type: ClassVar[Any] = list[str]
    old_rows: ClassVar[OldRows] = OldRows.MAY_CHANGE
    schema_binds: ClassVar[bool] = True
    rebuilt_when_redefined: ClassVar[bool] = False

    keys: tuple[str, ...]

    @classmethod
    def from_yaml(cls, given: Sequence[str], part: YamlPart) -> Merge:
        return cls(keys=tuple(given))

    @property
    def name(self) -> str:
        return f"merge({', '.join(self.keys)})"

    @property
    def required_columns(self) -> Sequence[str]:
        return self.keys

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.merge(frame, keys=self.keys, transaction=transaction)
