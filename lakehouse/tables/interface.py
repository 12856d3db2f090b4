"""What a table promises to whoever reads it, and what more to whoever writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

__all__ = [
    "AlreadyPublished",
    "IReadableDeltaTable",
    "IWritableDeltaTable",
    "Published",
    "TableState",
    "TransactionId",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionId:
    """One piece of an application's work, which no table takes twice (Delta PROTOCOL, "Transaction Identifiers")."""

    application: str
    number: int
    """Grows by one with each piece; a table remembers the highest it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """A table as its log describes it at one version."""

    version: int
    table_id: str
    """Made when the table is created: a table that was deleted and created again has another."""
    schema: StructType
    transactions: Mapping[str, int]
    """The highest transaction number taken, by application."""

    def has_taken(self, transaction: TransactionId) -> bool:
        """Say whether the table holds this piece of work already."""
        return self.transactions.get(transaction.application, -1) >= transaction.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One commit, ours, made the rows visible."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyPublished:
    """An earlier attempt made the same commit; nothing was written again."""

    version: int


class IReadableDeltaTable(Protocol):
    """Reading, apart from writing: who holds only this can't change a table."""

    @property
    def path(self) -> str:
        """The table's folder, as Spark takes it."""

    def state(self) -> TableState | None:
        """Return the latest state from the log, without a Spark job; None where no table is."""

    def read(self, *, version: int) -> DataFrame:
        """Return the whole table as it stood at ``version``."""

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        """Return the rows that came in versions ``(after, through]``; ``after=-1`` is everything.

        Raises UnreadableChangesError where rows were also changed or removed in between.
        """


class IWritableDeltaTable(IReadableDeltaTable, Protocol):
    """A table that takes rows, each call as one commit that carries its transaction."""

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        """Add the rows. Raises TableWriteError with the root cause."""

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        """Put the rows, and their schema, in place of everything; old versions stay readable."""

    def merge(
        self, frame: DataFrame, *, keys: Sequence[str], transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Update the rows whose keys match, insert the others; ``frame`` has each key once."""
