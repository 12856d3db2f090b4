"""A chain whose pages have numbers: several are fetched at a time, and where it ends shows on the way."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from typing import Any

from lakehouse.ingestion.rest.fetching.chain_state import ChainState
from lakehouse.ingestion.rest.fetching.chains import Chain
from lakehouse.ingestion.rest.fetching.outcomes import FailedRequest, Page, PageOutcome
from lakehouse.ingestion.rest.fetching.progress import ChainProgress
from lakehouse.ingestion.rest.pagination import Pagination

__all__ = ["NumberedChain"]

_NUMBER = "number"
"""In a position, beside what the pagination put there."""


class NumberedChain(ChainState):
    """Ends with a last page, with a page that repeats another, and where one request after the other fails.

    Pages beyond the end are asked for before the end is known. That they fail says nothing: failures are
    passed on when all is over.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        pagination: Pagination,
        max_pages: int,
        concurrency: int,
        progress: ChainProgress | None,
    ) -> None:
        super().__init__(chain)
        self._pagination = pagination
        self._max_pages = max_pages
        self._most_failures = max(10, concurrency)
        self._failures_in_a_row = 0
        self._held: list[FailedRequest] = []
        self._recent: deque[bytes] = deque(maxlen=4 * concurrency)
        self._next = chain.begin
        self._last = None if chain.goes_on else chain.begin
        """The number of the last page, as far as is known."""
        self._stopped = False
        self._done: set[int] = set()
        if progress is not None:
            self._done = {position[_NUMBER] for position in progress.positions}
            if progress.ends_with is not None:
                self._end_at(progress.ends_with[_NUMBER])

    def next(self) -> dict[str, Any] | None:
        position = self.unfinished()
        if position is not None:
            self._next += self.chain.stride
        return position

    def unfinished(self) -> dict[str, Any] | None:
        while self._next in self._done:
            self._next += self.chain.stride
        if self._stopped or self._is_beyond(self._next):
            return None
        if self._next >= self._max_pages:
            self._stop(self._position(self._next), f"the list has more than max_pages={self._max_pages}")
            return None
        return self._position(self._next)

    def came(self, page: Page) -> Iterator[PageOutcome]:
        self._failures_in_a_row = 0
        if page.follows is None:
            self._end_at(page.position[_NUMBER])
        digest = _digest(page)
        if page.records and digest in self._recent:
            self._stop(page.position, "it repeats a page that came: the list has no end")
            return
        self._recent.append(digest)
        yield page

    def failed(self, failure: FailedRequest) -> Iterator[PageOutcome]:
        number = failure.position[_NUMBER]
        if number > 0 and self._pagination.is_beyond_the_end(failure.status):
            self._end_at(number - 1)
            return
        self._failures_in_a_row += 1
        self._held.append(failure)
        self._stopped = self._stopped or self._failures_in_a_row >= self._most_failures
        yield from ()

    def rest(self) -> Iterator[PageOutcome]:
        yield from (each for each in self._held if not self._is_beyond(each.position[_NUMBER]))
        self._held = []

    def _position(self, number: int) -> dict[str, Any]:
        return {**self._pagination.numbered(number), _NUMBER: number}

    def _is_beyond(self, number: int) -> bool:
        return self._last is not None and number > self._last

    def _end_at(self, number: int) -> None:
        self._last = number if self._last is None else min(self._last, number)

    def _stop(self, position: dict[str, Any], reason: str) -> None:
        if not self._stopped:
            self._held.append(self.failure(position, reason))
        self._stopped = True


def _digest(page: Page) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for record in page.records:
        digest.update(record.encode())
        digest.update(b"\n")
    return digest.digest()
