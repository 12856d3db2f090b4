"""Pages by a token that the page before them gives: ``?cursor=abc``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["Cursor"]


@word("cursor")
@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor(Pagination):
    """Ends with a page that gives no token: it is missing, ``null``, ``false`` or empty."""

    next: str
    """Where in the body the token of the next page stands, such as ``meta.next_cursor``."""
    parameter: str = "cursor"

    def parameters(self, position: Position) -> Mapping[str, str]:
        return {self.parameter: str(position["cursor"])} if "cursor" in position else {}

    def after(self, position: Position, reply: Reply) -> Position | None:
        token = reply.body.value(self.next)
        if token is None or token is False or token == "":
            return None
        return {"cursor": token}
