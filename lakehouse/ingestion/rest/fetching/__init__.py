"""Requests made side by side by coroutines, within limits: pages and failures come as they are there."""

from lakehouse.ingestion.rest.fetching.chains import Chain, chains_of
from lakehouse.ingestion.rest.fetching.fetch import fetch
from lakehouse.ingestion.rest.fetching.outcomes import FailedRequest, Page, PageOutcome
from lakehouse.ingestion.rest.fetching.progress import ChainProgress, position_key, progress_of

__all__ = [
    "Chain",
    "ChainProgress",
    "FailedRequest",
    "Page",
    "PageOutcome",
    "chains_of",
    "fetch",
    "position_key",
    "progress_of",
]
