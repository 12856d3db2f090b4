"""What can go wrong when a table is arranged for its readers, or a join is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import ConfigurationError, TableError

__all__ = ["RewriteFailedError", "RowsNotKeptError", "UnclusterableColumnError", "UnjoinableError"]


class RowsNotKeptError(TableError):
    """Files that were to hold the same rows as others don't; nothing was committed."""

    def __init__(self, *, table: str, reason: str) -> None:
        self.table = table
        self.reason = reason
        super().__init__(
            f"{table}: the rewritten files don't hold the rows of those that they replace: {reason}. "
            "Nothing was committed.",
            fix="run 'lakehouse table verify' on the table: its statistics or files may be damaged.",
        )


class RewriteFailedError(TableError):
    """Spark could not write files again; nothing was committed."""

    def __init__(self, *, table: str, cause: str) -> None:
        self.table = table
        self.cause = cause
        super().__init__(
            f"{table}: its files could not be written again: {cause}. Nothing was committed.",
            fix="remove the cause and run again; vacuum deletes what the tasks left.",
        )


class UnclusterableColumnError(ConfigurationError):
    """A table can't be clustered by a column."""

    def __init__(self, *, table: str, column: str, reason: str, known: Sequence[str]) -> None:
        self.table = table
        self.column = column
        super().__init__(
            f"{table} can't be clustered by {column!r}: {reason}.",
            fix=f"use columns that have bounds in the log: {', '.join(known) or 'this table has no such column'}.",
        )


class UnjoinableError(ConfigurationError):
    """Two frames can't be joined as it is asked."""

    def __init__(self, *, reason: str, fix: str) -> None:
        super().__init__(f"The join can't be made: {reason}.", fix=fix)
