"""What a pagination is: the first page, what a request for a page holds, and which page comes after a reply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from lakehouse.ingestion.errors import InvalidApiError
from lakehouse.words import Words

__all__ = ["Body", "Pagination", "Position", "Reply"]

Position = Mapping[str, Any]
"""A page of a list, as JSON. ``{}`` is the first one; what else stands in it is the pagination's own."""


class Body(Protocol):
    """The document that came."""

    def value(self, path: str) -> Any:
        """Return the value at a path; None where it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A page as it came."""

    url: str
    """Without secrets."""
    body: Body
    headers: Mapping[str, str]
    """By name in lower case."""
    records: int


class Pagination(ABC):
    """One way to give pages (Strategy). A new one is one file, with ``@word`` its word in YAML."""

    words: ClassVar[Words] = Words("pagination")

    has_numbers: ClassVar[bool] = False
    """Whether the page of any number can be asked for, so that several are fetched at a time."""

    def numbered(self, number: int) -> Position:
        """Return the position of the page of this number, from 0. Only where pages have numbers."""
        raise NotImplementedError

    def is_beyond_the_end(self, status: int | None) -> bool:
        """Say whether a reply of this status means that there is no page of this number."""
        return False

    @abstractmethod
    def parameters(self, position: Position) -> Mapping[str, str]:
        """Return what the request for a page adds to the URL's query."""

    def url(self, position: Position) -> str | None:
        """Return the URL to ask for, also relative, where it is not the endpoint's own."""
        return None

    @abstractmethod
    def after(self, position: Position, reply: Reply) -> Position | None:
        """Return the position of the next page; None when this was the last.

        Where pages have numbers, None means that no page of a higher number has records.
        """

    def problems(self) -> Sequence[InvalidApiError]:
        """Return what is wrong with the declaration."""
        return ()
