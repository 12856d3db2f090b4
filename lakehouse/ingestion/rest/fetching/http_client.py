"""One request over HTTP, with its retries: httpx makes it, stamina repeats it, and no text names a secret."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from lakehouse.ingestion.rest.access import Credentials, Masking
from lakehouse.ingestion.rest.declaration import Limits
from lakehouse.ingestion.rest.fetching.http_errors import TRANSIENT_STATUS, TryFailed, seconds_to_wait
from lakehouse.ingestion.rest.fetching.rate_limit import RateLimit
from lakehouse.optional_imports import is_installed, require

__all__ = ["HttpClient", "HttpReply"]

_PAYLOAD_CHARACTERS = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """A reply of status 2xx, whole."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    content: bytes
    attempts: int


class HttpClient:
    """Makes the requests of one task. An asynchronous context: at its end no socket is open."""

    def __init__(
        self, *, headers: Mapping[str, str], credentials: Credentials, limits: Limits, rate: RateLimit
    ) -> None:
        self._httpx = _httpx()
        self._stamina = require("stamina", extra="http", purpose="reading an API")
        self._credentials = credentials
        self._limits = limits
        self._rate = rate
        self.masking = Masking(credentials.secrets)
        self._log_filter = _MaskedUrls(self.masking)
        self._headers = {"Accept": "application/json", **headers, **credentials.headers}
        self._tls = self._httpx.create_ssl_context()
        self._idle: list[Any] = []
        self._all: list[Any] = []

    async def __aenter__(self) -> Self:
        logging.getLogger("httpx").addFilter(self._log_filter)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._all:
            await connection.aclose()
        logging.getLogger("httpx").removeFilter(self._log_filter)

    def shown(self, url: str, parameters: Mapping[str, str]) -> str:
        """Return the URL of a request as people may see it."""
        try:
            return self.masking.url(str(self._httpx.URL(url).copy_merge_params(dict(parameters))))
        except self._httpx.InvalidURL:
            return self.masking.text(url)

    async def get(self, url: str, parameters: Mapping[str, str]) -> HttpReply:
        """Return the reply. Raises TryFailed, with the number of tries in ``attempts``, when no try brings it."""
        try:
            # httpx replaces a URL's query by the parameters that it is given: they are joined first.
            full = self._httpx.URL(url).copy_merge_params({**parameters, **self._credentials.parameters})
        except self._httpx.InvalidURL as error:
            raise TryFailed(f"its URL is invalid: {error}", is_transient=False) from None
        tries = 0
        try:
            async for attempt in self._stamina.retry_context(
                on=self._may_be_repeated,
                attempts=self._limits.attempts,
                timeout=None,
                wait_initial=0.1,
                wait_max=min(5.0, self._limits.longest_wait),
                wait_jitter=0.5,
            ):
                with attempt:
                    tries += 1
                    await self._rate.turn()
                    return await self._try(full, tries)
        except TryFailed as error:
            error.attempts = tries
            raise
        raise AssertionError("a retry ends with a reply or an error")

    async def _try(self, url: Any, number: int) -> HttpReply:
        connection = self._idle.pop() if self._idle else self._connection()
        try:
            async with asyncio.timeout(self._limits.request_timeout):
                async with connection.stream("GET", url) as response:
                    content = await self._content(response)
                    self._check(response, content)
                    return HttpReply(
                        status=response.status_code,
                        headers={name.lower(): value for name, value in response.headers.items()},
                        content=content,
                        attempts=number,
                    )
        except TimeoutError:
            reason = f"no whole reply within {self._limits.request_timeout:g} seconds"
            raise TryFailed(reason, is_transient=True) from None
        except (self._httpx.TransportError, self._httpx.DecodingError) as error:
            reason = self.masking.text(f"{type(error).__name__}: {error}".rstrip(": "))
            # Not chained: the error of httpx holds the request with its credentials.
            raise TryFailed(reason, is_transient=True) from None
        finally:
            self._idle.append(connection)

    def _connection(self) -> Any:
        """Return a client for one request at a time: a pool looks through all of its connections at each request."""
        connection = self._httpx.AsyncClient(
            headers=self._headers,
            verify=self._tls,
            timeout=None,
            limits=self._httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )
        self._all.append(connection)
        return connection

    async def _content(self, response: Any) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._limits.max_page_bytes:
                reason = f"the reply has more than max_page_bytes={self._limits.max_page_bytes}"
                payload = self.payload(content)
                raise TryFailed(reason, status=response.status_code, payload=payload, is_transient=False)
        return bytes(content)

    def _check(self, response: Any, content: bytes) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        wait = seconds_to_wait(response.headers.get("Retry-After")) if status in TRANSIENT_STATUS else None
        reason = f"status {status} {response.reason_phrase}".strip()
        if 300 <= status < 400:
            there = self.masking.url(response.headers.get("Location", ""))
            reason += f": it redirects to {there!r}, and only the declared URL is asked"
        too_long = wait is not None and wait > self._limits.longest_wait
        if too_long:
            reason += (
                f": it asks to wait {wait:g} seconds, more than longest_wait={self._limits.longest_wait:g}"
            )
        elif wait is not None:
            self._rate.hold(wait)
        raise TryFailed(
            self.masking.text(reason),
            status=status,
            payload=self.payload(content),
            is_transient=status in TRANSIENT_STATUS,
            wait_seconds=wait,
            may_be_repeated=status in TRANSIENT_STATUS and not too_long,
        )

    def payload(self, content: bytes | bytearray) -> str:
        """Return the beginning of a body as people may see it."""
        text = bytes(content[: 4 * _PAYLOAD_CHARACTERS]).decode("utf-8", "replace")
        return self.masking.text(text)[:_PAYLOAD_CHARACTERS]

    def _may_be_repeated(self, error: Exception) -> bool | float:
        if not isinstance(error, TryFailed) or not error.may_be_repeated:
            return False
        return True if error.wait_seconds is None else error.wait_seconds


class _MaskedUrls(logging.Filter):
    """httpx logs the URL of each request, its query included."""

    def __init__(self, masking: Masking) -> None:
        super().__init__()
        self._masking = masking

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            url = require("httpx", extra="http", purpose="reading an API").URL
            record.args = tuple(
                self._masking.url(str(each)) if isinstance(each, url) else each for each in record.args
            )
        return True


def _httpx() -> Any:
    if not is_installed("sniffio"):
        # httpcore looks for it ten times a request, a quarter of the time where it is not there: None answers at once.
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
    return require("httpx", extra="http", purpose="reading an API")
