"""One page: asked for, taken apart, and turned into an outcome; nothing that an API answers raises here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse.ingestion.errors import UnusableBodyError
from lakehouse.ingestion.rest.declaration import CursorValue, RestApi, cursor_value, later
from lakehouse.ingestion.rest.fetching.frontier import Request
from lakehouse.ingestion.rest.fetching.http_client import HttpClient, HttpReply
from lakehouse.ingestion.rest.fetching.http_errors import TryFailed
from lakehouse.ingestion.rest.fetching.outcomes import FailedRequest, Page, PageOutcome
from lakehouse.ingestion.rest.json_body import JsonBody
from lakehouse.ingestion.rest.pagination import Reply

__all__ = ["Requester"]

_NO_CONTENT = 204


class Requester:
    """Asks for pages of one API."""

    def __init__(self, api: RestApi, client: HttpClient) -> None:
        self._api = api
        self._client = client

    async def outcome(self, request: Request) -> PageOutcome:
        """Return the page, or the failure."""
        own_url = self._api.pagination.url(request.position)
        url = self._api.resolved(request.chain.endpoint, own_url)
        parameters = self._parameters(request) if own_url is None else {}
        shown = self._client.shown(url, parameters)
        if not self._api.is_home(url):
            error = TryFailed(
                "the next page is on another host, where credentials must not go", is_transient=False
            )
            error.attempts = 0
            return _failed(request, shown, error)
        try:
            reply = await self._client.get(url, parameters)
        except TryFailed as error:
            return _failed(request, shown, error)
        try:
            return self._page(request, shown, reply)
        except UnusableBodyError as error:
            failure = TryFailed(
                self._client.masking.text(f"the reply can't be used: {error}"),
                status=reply.status,
                payload=self._client.payload(reply.content),
                is_transient=False,
            )
            failure.attempts = reply.attempts
            return _failed(request, shown, failure)

    def _parameters(self, request: Request) -> Mapping[str, str]:
        since: dict[str, str] = {}
        if self._api.incremental is not None and request.chain.since is not None:
            since[self._api.incremental.parameter] = str(request.chain.since)
        return {**self._api.parameters, **since, **self._api.pagination.parameters(request.position)}

    def _page(self, request: Request, shown: str, reply: HttpReply) -> Page:
        body = JsonBody(b"[]" if reply.status == _NO_CONTENT else reply.content)
        records = () if reply.status == _NO_CONTENT else tuple(body.records(self._api.records))
        after = self._api.pagination.after(
            request.position, Reply(url=shown, body=body, headers=reply.headers, records=len(records))
        )
        return Page(
            chain=request.chain.number,
            position=request.position,
            follows=None if after is None else dict(after),
            url=shown,
            records=records,
            highest=self._highest(records),
            attempts=reply.attempts,
        )

    def _highest(self, records: Sequence[str]) -> CursorValue | None:
        if self._api.incremental is None:
            return None
        highest: CursorValue | None = None
        for record in records:
            value = JsonBody(record.encode()).value(self._api.incremental.field)
            highest = later(highest, cursor_value(value))
        return highest


def _failed(request: Request, shown: str, error: TryFailed) -> FailedRequest:
    return FailedRequest(
        chain=request.chain.number,
        position=request.position,
        url=shown,
        reason=error.reason,
        attempts=error.attempts,
        status=error.status,
        payload=error.payload,
        is_transient=error.is_transient,
    )
