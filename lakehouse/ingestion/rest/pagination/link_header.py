"""Pages by the header ``Link`` of the page before them (RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.words import word

__all__ = ["LinkHeader"]

_PARAMETER = r";\s*(?P<name>[\w*-]+)\s*(?:=\s*(?:\"(?P<quoted>[^\"]*)\"|(?P<bare>[^\s;,]+)))?"
_LINK = re.compile(rf"<(?P<url>[^>]*)>(?P<parameters>(?:\s*{re.sub('[(][?]P<[a-z]+>', '(?:', _PARAMETER)})*)")
_PARAMETERS = re.compile(_PARAMETER)


@word("link_header")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader(Pagination):
    """Ends with a reply whose header names no link ``rel="next"``."""

    relation: str = "next"

    def parameters(self, position: Position) -> Mapping[str, str]:
        return {}

    def url(self, position: Position) -> str | None:
        url: str | None = position.get("url")
        return url

    def after(self, position: Position, reply: Reply) -> Position | None:
        for link in _LINK.finditer(reply.headers.get("link", "")):
            if self.relation in _relations(link["parameters"]):
                return {"url": link["url"]}
        return None


def _relations(parameters: str) -> Sequence[str]:
    """Return the link's relation types; the first ``rel`` counts (RFC 8288, 3.3)."""
    for parameter in _PARAMETERS.finditer(parameters):
        if parameter["name"].lower() == "rel":
            return (parameter["quoted"] or parameter["bare"] or "").lower().split()
    return ()
