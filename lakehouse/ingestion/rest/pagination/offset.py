"""Pages by what comes before them: ``?offset=200&limit=100``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["Offset"]


@word("offset")
@dataclass(frozen=True, slots=True, kw_only=True)
class Offset(Pagination):
    """Ends with a page that has fewer records than ``limit``, or where ``total`` is reached."""

    has_numbers: ClassVar[bool] = True

    limit: int
    """How many records a full page has; the API must give as many as it is asked for."""
    parameter: str = "offset"
    limit_parameter: str = "limit"
    total: str = ""
    """Where in the body the number of all records stands."""
    end_status: int | None = None
    """What the API answers beyond the last page, where that is not a page without records: such as 404."""

    def is_beyond_the_end(self, status: int | None) -> bool:
        return status is not None and status == self.end_status

    def numbered(self, number: int) -> Position:
        return {"offset": self.limit * number}

    def parameters(self, position: Position) -> Mapping[str, str]:
        return {self.parameter: str(position.get("offset", 0)), self.limit_parameter: str(self.limit)}

    def after(self, position: Position, reply: Reply) -> Position | None:
        following = position.get("offset", 0) + self.limit
        total = reply.body.value(self.total) if self.total else None
        is_last = following >= total if isinstance(total, int) else reply.records < self.limit
        return None if is_last else {"offset": following}
