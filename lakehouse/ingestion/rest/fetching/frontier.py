"""What is to be fetched next, over all chains of a task: coroutines take requests here and bring outcomes back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.ingestion.rest.declaration import RestApi
from lakehouse.ingestion.rest.fetching.chain_state import ChainState
from lakehouse.ingestion.rest.fetching.chains import Chain
from lakehouse.ingestion.rest.fetching.linked_chain import LinkedChain
from lakehouse.ingestion.rest.fetching.numbered_chain import NumberedChain
from lakehouse.ingestion.rest.fetching.outcomes import Page, PageOutcome
from lakehouse.ingestion.rest.fetching.progress import ChainProgress

__all__ = ["Frontier", "Request"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A page to ask for."""

    state: ChainState
    position: dict[str, Any]

    @property
    def chain(self) -> Chain:
        """The chain that it is a page of."""
        return self.state.chain


class Frontier:
    """Opens a chain only when no open one has a request to make. For the coroutines of one event loop."""

    def __init__(self, api: RestApi, chains: Iterable[Chain], progress: Mapping[int, ChainProgress]) -> None:
        self._api = api
        self._chains = iter(chains)
        self._progress = progress
        self._open: list[ChainState] = []
        self._in_flight: set[Request] = set()
        self._to_pass_on: deque[PageOutcome] = deque()
        self._changed = asyncio.Event()

    async def take(self) -> Request | None:
        """Wait for a request that can be made; None when all is done."""
        while (request := self._ready()) is None and self._in_flight:
            await self._changed.wait()
        if request is not None:
            self._in_flight.add(request)
            request.state.in_flight += 1
        return request

    def settle(self, request: Request, outcome: PageOutcome) -> None:
        """Take note of what came of a request."""
        self._in_flight.remove(request)
        request.state.in_flight -= 1
        self._to_pass_on.extend(_noted(request.state, outcome))
        self._changed.set()
        self._changed = asyncio.Event()

    async def pass_on(self, put: Callable[[PageOutcome], Awaitable[None]]) -> None:
        """Hand over what came; an outcome that is not handed over stays here."""
        while self._to_pass_on:
            outcome = self._to_pass_on.popleft()
            try:
                await put(outcome)
            except BaseException:
                self._to_pass_on.appendleft(outcome)
                raise

    def stop(self, reason: str) -> None:
        """Let a failure stand for each request that is in flight or was not made; ``pass_on`` has them all."""
        for request in self._in_flight:
            self._to_pass_on.append(request.state.failure(request.position, reason, is_transient=True))
        for state in (*self._open, *(self._state(chain) for chain in self._chains)):
            position = state.unfinished()
            if position is not None:
                failure = state.failure(position, reason, is_transient=True, goes_on=True)
                self._to_pass_on.append(failure)
            self._to_pass_on.extend(state.rest())

    def _ready(self) -> Request | None:
        for state in list(self._open):
            if (request := self._request_of(state)) is not None:
                return request
        for chain in self._chains:
            self._open.append(self._state(chain))
            if (request := self._request_of(self._open[-1])) is not None:
                return request
        return None

    def _request_of(self, state: ChainState) -> Request | None:
        position = state.next()
        if position is not None:
            return Request(state, position)
        if not state.in_flight:
            self._open.remove(state)
            self._to_pass_on.extend(state.rest())
        return None

    def _state(self, chain: Chain) -> ChainState:
        limits, progress = self._api.limits, self._progress.get(chain.number)
        if self._api.pagination.has_numbers:
            return NumberedChain(
                chain,
                pagination=self._api.pagination,
                max_pages=limits.max_pages,
                concurrency=limits.concurrency,
                progress=progress,
            )
        return LinkedChain(chain, max_pages=limits.max_pages, progress=progress)


def _noted(state: ChainState, outcome: PageOutcome) -> Iterator[PageOutcome]:
    return state.came(outcome) if isinstance(outcome, Page) else state.failed(outcome)
