"""What a table promises to its readers, and what more to its writers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.delta_log import Predicate
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.progress import Progress
from lakehouse.tables.staging import StagedRows
from lakehouse.tables.transaction_id import TransactionId

__all__ = [
    "AlreadyPublished",
    "IReadableDeltaTable",
    "IWritableDeltaTable",
    "MergePlan",
    "Published",
    "TableState",
    "progress_in",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """A table as its log describes it at one version."""

    version: int
    table_id: str
    """Made when the table is created: a table that was deleted and created again has another."""
    schema: StructType
    transactions: Mapping[str, int]
    """The log's transaction identifiers, as they are."""

    def has_taken(self, transaction: TransactionId) -> bool:
        """Return whether the table holds this piece of work already."""
        return transaction.is_taken(self.last_taken(transaction.application))

    def last_taken(self, application: str) -> int | None:
        """Return the number of the application's last piece; None when there is none."""
        return self.progress(application).last

    def progress(self, application: str) -> Progress:
        """Return how far the application's work in the table has come."""
        return Progress.of(application, self.transactions.get)


def progress_in(state: TableState | None, application: str) -> Progress:
    """Return how far an application's work has come in a table, which may not be there."""
    return Progress(reached=None, last=None) if state is None else state.progress(application)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """What becomes of a row that comes, and of the row that it meets."""

    keys: tuple[str, ...]
    """Two rows are the same where these columns are, null like any value; the row that comes replaces the other."""
    removed: str | None = None
    """A column of booleans that is not the table's: a row where it is true removes the row that it meets."""


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
        """Return the latest state from the log, without a Spark job; None where the table does not exist."""

    def read(
        self, *, version: int, columns: Sequence[str] | None = None, where: Predicate | None = None
    ) -> DataFrame:
        """Return the rows at ``version`` that meet ``where``, made with ``col``; all of them by default.

        Files that hold no such row, by the log's statistics, are not opened, and of the others only ``columns``
        are read. NaN is neither smaller nor bigger than any value.
        """

    def read_files(self, files: Candidates, *, version: int) -> DataFrame:
        """Return the rows of files that ``TableLog.candidates`` chose at ``version``."""

    def rows_added(self, *, after: int, through: int) -> DataFrame:
        """Return the rows that came in versions ``(after, through]``; ``after=-1`` is everything.

        Raises UnreadableChangesError where rows were also changed or removed in between.
        """

    def changes(self, *, after: int, through: int) -> DataFrame:
        """Return the rows that versions ``(after, through]`` changed, in the columns of ``through``.

        With ``_change_type`` (``insert``, ``delete``, ``update_preimage``, ``update_postimage``),
        ``_commit_version`` and ``_commit_timestamp``, as Delta's change data feed has them. A version without a
        feed shows a row that stayed in a file that was written again as deleted and inserted. Raises
        UnreadableChangesError where the log or the files no longer show them.
        """


class IWritableDeltaTable(IReadableDeltaTable, Protocol):
    """A table that takes rows, each call as one commit that carries its transaction."""

    def stage(self, frame: DataFrame, *, expected_bytes: int | None = None) -> StagedRows:
        """Compute and write the rows beside the table, so that they can be published later, and again.

        ``expected_bytes`` is given for rows that are kept in memory already: they become as few files as so many
        bytes need. Without it, the files are those of the frame's partitions.
        """

    def with_staged(self, staged: StagedRows) -> tuple[IWritableDeltaTable, DataFrame]:
        """Return the staged rows as a frame, and the table that publishes this frame without writing it again."""

    def delete(self, condition: str) -> None:
        """Remove the rows that meet an SQL condition, in one commit; none when no row does."""

    def compact(self) -> None:
        """Write small files again as few large ones, in a commit that changes no row."""

    def take_schema(self, schema: StructType, *, add_columns: bool) -> None:
        """Widen the table's columns to the types of ``schema``, and add those that it lacks, without a row.

        Nothing happens where they are wide enough, and while there is no table.
        """

    def rename_columns(self, names: Mapping[str, str]) -> None:
        """Give columns new names, without a row: ``names`` has the new one by the old. What has it already stays."""

    def append(
        self, frame: DataFrame, *, transaction: TransactionId, evolve_schema: bool = False
    ) -> Published | AlreadyPublished:
        """Add the rows. Raises TableWriteError with the root cause."""

    def replace(self, frame: DataFrame, *, transaction: TransactionId) -> Published | AlreadyPublished:
        """Replace all rows, and the schema; old versions stay readable."""

    def replace_where(
        self, frame: DataFrame, condition: str, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Put the rows in place of those that meet an SQL condition, which every one of them must meet too."""

    def merge(
        self, frame: DataFrame, plan: MergePlan, *, transaction: TransactionId
    ) -> Published | AlreadyPublished:
        """Update the rows whose keys match, insert the others; ``frame`` has each key once."""
