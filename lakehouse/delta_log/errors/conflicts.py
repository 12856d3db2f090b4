"""Two commits that can't both count: Delta's own named exceptions, each with both commits and their subject.

The names are those of ``io.delta.exceptions``, so that a handler written for delta-spark reads the same here.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.delta_log.errors.reading import DeltaLogError

__all__ = [
    "CommitIdentity",
    "ConcurrentAppendException",
    "ConcurrentDeleteDeleteException",
    "ConcurrentDeleteReadException",
    "ConcurrentTransactionException",
    "DeltaConcurrentModificationException",
    "MetadataChangedException",
    "ProtocolChangedException",
]

_RUN_AGAIN = "run the transaction again: it will read the table as it is now."


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitIdentity:
    """Enough of a commit to find it in the table's history."""

    operation: str
    transaction_id: str | None
    version: int
    """The version it made; of a commit that failed, the version it read."""

    def __str__(self) -> str:
        return f"{self.operation} (txnId {self.transaction_id})"


class DeltaConcurrentModificationException(DeltaLogError):  # noqa: N818 - Delta's own name
    """A commit that was made meanwhile contradicts this transaction. Nothing of it was written to the log."""

    def __init__(
        self,
        *,
        table: str,
        loser: CommitIdentity,
        winner: CommitIdentity,
        cause: str,
        subject: str,
        fix: str = _RUN_AGAIN,
    ) -> None:
        self.table = table
        self.loser = loser
        self.winner = winner
        self.subject = subject
        """The file, predicate, application or domain that both touch."""
        super().__init__(
            f"{table}: {loser}, which read version {loser.version}, can't be committed after "
            f"version {winner.version}, {winner}, which {cause}.",
            fix=fix,
        )


class ConcurrentAppendException(DeltaConcurrentModificationException):
    """Files were added that this transaction would have read."""


class ConcurrentDeleteReadException(DeltaConcurrentModificationException):
    """A file was removed that this transaction read."""


class ConcurrentDeleteDeleteException(DeltaConcurrentModificationException):
    """A file was removed that this transaction removes too."""


class MetadataChangedException(DeltaConcurrentModificationException):
    """Schema, partitioning or properties were changed."""


class ProtocolChangedException(DeltaConcurrentModificationException):
    """The table's versions or features were changed."""


class ConcurrentTransactionException(DeltaConcurrentModificationException):
    """The progress of the same application, or the same metadata domain, was written."""
