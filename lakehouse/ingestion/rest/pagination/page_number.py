"""Pages by number: ``?page=3``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["PageNumber"]


@word("page")
@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber(Pagination):
    """Ends with a page that has no records, or fewer than ``size``, or with the number at ``total_pages``."""

    has_numbers: ClassVar[bool] = True

    parameter: str = "page"
    first: int = 1
    size: int | None = None
    """How many records a full page has."""
    size_parameter: str = ""
    """The parameter that asks for ``size``; without it the API's own size is said."""
    total_pages: str = ""
    """Where in the body the number of pages stands."""
    end_status: int | None = None
    """What the API answers beyond the last page, where that is not a page without records: such as 404."""

    def is_beyond_the_end(self, status: int | None) -> bool:
        return status is not None and status == self.end_status

    def numbered(self, number: int) -> Position:
        return {"page": self.first + number}

    def parameters(self, position: Position) -> Mapping[str, str]:
        size = {self.size_parameter: str(self.size)} if self.size_parameter else {}
        return {self.parameter: str(position.get("page", self.first)), **size}

    def after(self, position: Position, reply: Reply) -> Position | None:
        page = position.get("page", self.first)
        total = reply.body.value(self.total_pages) if self.total_pages else None
        if isinstance(total, int):
            return {"page": page + 1} if page + 1 < self.first + total else None
        is_last = reply.records == 0 or (self.size is not None and reply.records < self.size)
        return None if is_last else {"page": page + 1}
