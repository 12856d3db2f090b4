"""What names a piece of an application's work in the commit that takes it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Predecessor", "TransactionId"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessor:
    """The last piece of the same application that a table has taken."""

    number: int | None
    """None for a table that has none of this application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionId:
    """One piece of an application's work, which no table takes twice (Delta PROTOCOL, "Transaction Identifiers")."""

    application: str
    number: int
    """Grows with each piece; a table remembers the highest it took."""
    follows: Predecessor | None = None
    """What the table must have taken last to take this piece; None when that doesn't matter."""

    def is_taken(self, last: int | None) -> bool:
        """Return whether a table whose last piece is ``last`` holds this one.

        A later piece tells of it only when the order of pieces doesn't matter: else it came instead of this one.
        """
        if last is None:
            return False
        return last >= self.number if self.follows is None else last == self.number
