"""Pages by the URL that stands in the body of the page before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["NextUrl"]


@word("next_url")
@dataclass(frozen=True, slots=True, kw_only=True)
class NextUrl(Pagination):
    """Ends with a page that names no URL. A relative one counts from the page that names it."""

    next: str
    """Where in the body the URL of the next page stands, such as ``links.next``."""

    def parameters(self, position: Position) -> Mapping[str, str]:
        return {}

    def url(self, position: Position) -> str | None:
        url: str | None = position.get("url")
        return url

    def after(self, position: Position, reply: Reply) -> Position | None:
        url = reply.body.value(self.next)
        return {"url": url} if isinstance(url, str) and url else None
