"""What a chain is while it is fetched: which request is next, and what an outcome means for the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from lakehouse.ingestion.rest.fetching.chains import Chain
from lakehouse.ingestion.rest.fetching.outcomes import FailedRequest, Page, PageOutcome

__all__ = ["ChainState"]


class ChainState(ABC):
    """One open chain."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.in_flight = 0

    @abstractmethod
    def next(self) -> dict[str, Any] | None:
        """Return the position of a request that can be made now; None where there is none now."""

    @abstractmethod
    def came(self, page: Page) -> Iterator[PageOutcome]:
        """Take note of a page; yield what is to be passed on."""

    @abstractmethod
    def failed(self, failure: FailedRequest) -> Iterator[PageOutcome]:
        """Take note of a failure; yield what is to be passed on."""

    @abstractmethod
    def rest(self) -> Iterator[PageOutcome]:
        """Yield what was held back until nothing of the chain is left to do."""

    @abstractmethod
    def unfinished(self) -> dict[str, Any] | None:
        """Return the position of the first request that was not made; None where no other one is to be made."""

    def failure(
        self, position: dict[str, Any], reason: str, *, is_transient: bool = False, goes_on: bool = False
    ) -> FailedRequest:
        """Return a failure of a request that was not made."""
        return FailedRequest(
            chain=self.chain.number,
            position=position,
            url=self.chain.endpoint,
            reason=reason,
            attempts=0,
            is_transient=is_transient,
            goes_on=goes_on,
        )
