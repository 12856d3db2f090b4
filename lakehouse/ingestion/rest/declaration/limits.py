"""How hard an API is asked, how long it is waited for, and how much may fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.ingestion.errors import InvalidApiError

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one fetch. Times are in seconds."""

    concurrency: int = 8
    """Requests in flight, in each task."""
    tasks: int = 2
    """Spark tasks that share the requests. One waits for many replies; more help where replies are large."""
    requests_per_second: float | None = None
    """Over all tasks: each takes its share."""
    request_timeout: float = 30.0
    """For one try, to the last byte."""
    task_timeout: float | None = None
    """For all requests of a task; what is not fetched by then counts as failed."""
    attempts: int = 5
    """Tries of a request whose failures are transient."""
    longest_wait: float = 60.0
    """Between two tries. A reply that asks for more (``Retry-After``) is a failure."""
    max_page_bytes: int = 64 << 20
    max_pages: int = 100_000
    """Of one list; a list that goes on is a failure."""
    max_failure_ratio: float = 0.05
    """Of all requests; when more fail, nothing is written."""

    def problems(self) -> Iterator[InvalidApiError]:
        """Yield what can't be meant."""
        for name in ("concurrency", "tasks", "request_timeout", "attempts", "max_page_bytes", "max_pages"):
            if getattr(self, name) <= 0:
                yield _must_be(name, getattr(self, name), "more than 0")
        for name in ("requests_per_second", "task_timeout"):
            if (value := getattr(self, name)) is not None and value <= 0:
                yield _must_be(name, value, "more than 0, or left out")
        if not 0 <= self.max_failure_ratio <= 1:
            yield _must_be("max_failure_ratio", self.max_failure_ratio, "between 0 and 1")


def _must_be(name: str, value: float, expected: str) -> InvalidApiError:
    return InvalidApiError(problem=f"{name} is {value!r}", fix=f"{name} must be {expected}.")
