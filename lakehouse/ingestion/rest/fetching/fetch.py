"""All pages of some chains, by a bounded number of coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterable, Mapping

from lakehouse.ingestion.rest.declaration import RestApi
from lakehouse.ingestion.rest.fetching.chains import Chain
from lakehouse.ingestion.rest.fetching.frontier import Frontier
from lakehouse.ingestion.rest.fetching.http_client import HttpClient
from lakehouse.ingestion.rest.fetching.outcomes import PageOutcome
from lakehouse.ingestion.rest.fetching.progress import ChainProgress
from lakehouse.ingestion.rest.fetching.pump import Put, pumped
from lakehouse.ingestion.rest.fetching.rate_limit import RateLimit
from lakehouse.ingestion.rest.fetching.requester import Requester

__all__ = ["fetch"]


def fetch(
    api: RestApi,
    chains: Iterable[Chain],
    *,
    tasks: int = 1,
    progress: Mapping[int, ChainProgress] | None = None,
) -> Generator[PageOutcome, None, None]:
    """Yield each page, and a failure for each request that brought none, as they come.

    ``tasks`` is how many such fetches share the API's rate. Pages in ``progress`` are not asked for again. As
    many pages as ``concurrency`` wait to be taken: then no further request is made. When the generator is
    closed, what is in flight is cancelled. Raises MissingSecretError.
    """
    credentials = api.auth.credentials()
    limits = api.limits

    async def produce(put: Put[PageOutcome]) -> None:
        frontier = Frontier(api, chains, progress or {})
        rate = RateLimit(limits.requests_per_second / tasks if limits.requests_per_second else None)
        async with HttpClient(
            headers=api.headers, credentials=credentials, limits=limits, rate=rate
        ) as client:
            requester = Requester(api, client)
            try:
                async with asyncio.timeout(limits.task_timeout), asyncio.TaskGroup() as workers:
                    for _ in range(limits.concurrency):
                        workers.create_task(_work(frontier, requester, put))
            except TimeoutError:
                frontier.stop(f"task_timeout={limits.task_timeout:g} seconds were over")
                await frontier.pass_on(put)
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    yield from pumped(produce, ahead=limits.concurrency)


async def _work(frontier: Frontier, requester: Requester, put: Put[PageOutcome]) -> None:
    while (request := await frontier.take()) is not None:
        frontier.settle(request, await requester.outcome(request))
        await frontier.pass_on(put)
    await frontier.pass_on(put)
