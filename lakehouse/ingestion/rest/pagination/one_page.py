"""A list that comes whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["OnePage"]


@word("one_page")
@dataclass(frozen=True, slots=True, kw_only=True)
class OnePage(Pagination):
    """Each endpoint gives all it has in one reply."""

    def parameters(self, position: Position) -> Mapping[str, str]:
        return {}

    def after(self, position: Position, reply: Reply) -> Position | None:
        return None
