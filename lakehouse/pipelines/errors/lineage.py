"""Why nobody can say where a column comes from."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.source_location import SourceLocation

__all__ = ["UnknownOriginError", "UnseenPlanError"]


class UnknownOriginError(DefinitionError):
    """Somebody asks for a table or a column that the pipeline does not have."""

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is neither a table nor a column of the pipeline.", fix=did_you_mean(name, known)
        )


class UnseenPlanError(DefinitionError):
    """Spark does not show the plan of a table, from which its lineage is read."""

    def __init__(self, *, table: str, reason: str, location: SourceLocation) -> None:
        self.table = table
        self.reason = reason
        super().__init__(
            f"{location}: Spark does not show the plan of {table!r}: {reason}.",
            fix="correct the expression that it names: the first rows would stop the table there too.",
        )
