"""How a query fails."""

from __future__ import annotations

from lakehouse.errors import DefinitionError

__all__ = ["MissingTableError", "QueryError"]


class QueryError(DefinitionError):
    """A query can't be answered as it is written."""

    def __init__(
        self,
        *,
        reason: str,
        known: tuple[str, ...],
        fix: str = "write a table as layer.table: SELECT * FROM gold.daily_revenue.",
    ) -> None:
        self.reason = reason
        named = f"It names the tables {', '.join(known)}." if known else "It names no table of the warehouse."
        super().__init__(f"the query can't be answered: {reason}. {named}", fix=fix)


class MissingTableError(QueryError):
    """A query names a table that the warehouse does not have, or not yet."""

    def __init__(self, *, table: str, warehouse: str, known: tuple[str, ...]) -> None:
        self.table = table
        super().__init__(
            reason=f"the warehouse {warehouse!r} has no table {table!r}",
            known=known,
            fix="run the pipeline that makes it, correct its name, or say which warehouse by --warehouse.",
        )
