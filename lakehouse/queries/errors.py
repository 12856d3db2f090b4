"""How a query fails."""

from __future__ import annotations

from lakehouse.errors import DefinitionError

__all__ = ["QueryError"]


class QueryError(DefinitionError):
    """A query can't be answered as it is written."""

    def __init__(self, *, reason: str, known: tuple[str, ...]) -> None:
        self.reason = reason
        named = f"It names the tables {', '.join(known)}." if known else "It names no table of the warehouse."
        super().__init__(
            f"the query can't be answered: {reason}. {named}",
            fix="write a table as layer.table: SELECT * FROM gold.daily_revenue.",
        )
