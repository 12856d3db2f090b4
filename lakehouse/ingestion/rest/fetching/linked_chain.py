"""A chain whose pages come one after the other: each names the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakehouse.ingestion.rest.fetching.chain_state import ChainState
from lakehouse.ingestion.rest.fetching.chains import Chain
from lakehouse.ingestion.rest.fetching.outcomes import FailedRequest, Page, PageOutcome
from lakehouse.ingestion.rest.fetching.progress import ChainProgress, position_key

__all__ = ["LinkedChain"]


class LinkedChain(ChainState):
    """Ends with a page that names no other, with a failure, and with a page that was there before."""

    def __init__(self, chain: Chain, *, max_pages: int, progress: ChainProgress | None) -> None:
        super().__init__(chain)
        self._max_pages = max_pages
        self._seen: set[bytes] = set()
        self._held: list[PageOutcome] = []
        self._position: dict[str, Any] | None = chain.position or {}
        if progress is not None and progress.positions:
            self._seen.update(position_key(position) for position in progress.positions)
            self._go_on(progress.follows)

    def next(self) -> dict[str, Any] | None:
        position, self._position = self._position, None
        return position

    def unfinished(self) -> dict[str, Any] | None:
        return self._position

    def came(self, page: Page) -> Iterator[PageOutcome]:
        self._seen.add(position_key(page.position))
        self._go_on(page.follows)
        yield page

    def failed(self, failure: FailedRequest) -> Iterator[PageOutcome]:
        yield failure

    def rest(self) -> Iterator[PageOutcome]:
        yield from self._held
        self._held = []

    def _go_on(self, follows: dict[str, Any] | None) -> None:
        self._position = follows if self.chain.goes_on else None
        if self._position is None:
            return
        if position_key(self._position) in self._seen:
            self._stop("the pages go in a circle: this one came before")
        elif len(self._seen) >= self._max_pages:
            self._stop(f"the list has more than max_pages={self._max_pages}")

    def _stop(self, reason: str) -> None:
        if self._position is not None:
            self._held.append(self.failure(self._position, reason))
        self._position = None
