"""How a table takes its rows. A mode is a strategy; a new one is a class with ``publish``, given to ``flow.write``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.quality import SchemaValidator
from lakehouse.tables import AlreadyPublished, IWritableDeltaTable, Published, TransactionId

__all__ = ["Append", "Merge", "Replace", "WriteMode", "validator_beside"]


class WriteMode(Protocol):
    """Publishes a frame as exactly one commit of a table."""

    @property
    def name(self) -> str:
        """The mode's word in plans and events."""

    @property
    def keeps_rows(self) -> bool:
        """Whether rows that the table holds stay: then duplicates of them may be left out, and its schema binds."""

    @property
    def takes_new_columns(self) -> bool:
        """Whether the rows may have columns that the table lacks."""

    @property
    def required_columns(self) -> Sequence[str]:
        """Columns that the rows must have for this mode."""

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Write the rows with the transaction; a transaction already taken writes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Adds the rows; ``evolve_schema`` lets the table take columns that it does not have yet."""

    evolve_schema: bool = False

    @property
    def name(self) -> str:
        return "append"

    @property
    def keeps_rows(self) -> bool:
        return True

    @property
    def takes_new_columns(self) -> bool:
        return self.evolve_schema

    @property
    def required_columns(self) -> Sequence[str]:
        return ()

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.append(frame, transaction=transaction, evolve_schema=self.evolve_schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Puts the rows in place of all that the table holds; the old version stays readable."""

    @property
    def name(self) -> str:
        return "replace"

    @property
    def keeps_rows(self) -> bool:
        return False

    @property
    def takes_new_columns(self) -> bool:
        return True

    @property
    def required_columns(self) -> Sequence[str]:
        return ()

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.replace(frame, transaction=transaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Updates rows whose keys match and inserts the others; each key once in the rows that come."""

    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"merge({', '.join(self.keys)})"

    @property
    def keeps_rows(self) -> bool:
        return False

    @property
    def takes_new_columns(self) -> bool:
        return False

    @property
    def required_columns(self) -> Sequence[str]:
        return self.keys

    def publish(
        self, table: IWritableDeltaTable, frame: DataFrame, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        return table.merge(frame, keys=self.keys, transaction=transaction)


def validator_beside(held: StructType, mode: WriteMode) -> SchemaValidator | None:
    """Return what rows must pass to stand beside those of a table of schema ``held``; None where all of them go."""
    if not mode.keeps_rows:
        return None
    return SchemaValidator(expected=held, extra_allowed=mode.takes_new_columns, check_nullability=False)
