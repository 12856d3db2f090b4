"""An API as a stream of Spark: each micro-batch asks for what is new since the last one, on the driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pyspark.sql.datasource import SimpleDataSourceStreamReader

from lakehouse.ingestion.errors import InvalidApiError, TooManyFailuresError
from lakehouse.ingestion.rest.declaration import CursorValue, Incremental, RestApi, cursor_value, later
from lakehouse.ingestion.rest.fetching import Page, chains_of, fetch
from lakehouse.ingestion.rest.json_body import JsonBody

__all__ = ["RestStreamReader"]

_Row = tuple[str, str, None, int, None, None]


class RestStreamReader(SimpleDataSourceStreamReader):
    """Gives the records above the offset, an incremental field's value; any failure fails the micro-batch.

    The offset moves past what came: a page that is set aside would never come again.
    """

    def __init__(self, api: RestApi) -> None:
        if api.incremental is None:
            raise InvalidApiError(
                problem="a stream of an API has nothing to go on from",
                fix="give incremental.field and incremental.parameter.",
            )
        self._api = api
        self._incremental: Incremental = api.incremental

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802 - pyspark's name
        return {"since": self._incremental.initial}

    def read(self, start: dict[str, Any]) -> tuple[Iterator[_Row], dict[str, Any]]:
        """Return the rows after ``start``, and the offset that they lead to."""
        since: CursorValue | None = start["since"]
        found = [(value, row) for value, row in self._rows(since) if _is_above(value, since)]
        highest = since
        for value, _ in found:
            highest = later(highest, value)
        return iter([row for _, row in found]), {"since": highest}

    def readBetweenOffsets(self, start: dict[str, Any], end: dict[str, Any]) -> Iterator[_Row]:  # noqa: N802
        """Return the rows of a micro-batch that is repeated, as far as the API still has them."""
        for value, row in self._rows(start["since"]):
            if _is_above(value, start["since"]) and not _is_above(value, end["since"]):
                yield row

    def _rows(self, since: CursorValue | None) -> Iterator[tuple[CursorValue | None, _Row]]:
        chains = chains_of(self._api, since=since, tasks=1)
        with closing(fetch(self._api, chains)) as outcomes:
            for outcome in outcomes:
                if not isinstance(outcome, Page):
                    first = f"{outcome.url}: {outcome.reason}"
                    raise TooManyFailuresError(
                        url=self._api.url, failed=1, requests=1, allowed=0, first=first
                    )
                for record in outcome.records:
                    value = JsonBody(record.encode()).value(self._incremental.field)
                    yield cursor_value(value), (record, outcome.url, None, outcome.attempts, None, None)


def _is_above(value: CursorValue | None, bound: CursorValue | None) -> bool:
    """Say whether a value is higher than a bound; a record without a value is above nothing but no bound at all."""
    if bound is None:
        return True
    return value is not None and value != bound and later(value, bound) == value
