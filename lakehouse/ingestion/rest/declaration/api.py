"""An API as it is declared: frozen, without any secret, the same in the builder, in YAML and in Spark's options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from lakehouse.ingestion.errors import InvalidApiError
from lakehouse.ingestion.rest.access import Auth, NoAuth, is_secret_name
from lakehouse.ingestion.rest.declaration.incremental import Incremental
from lakehouse.ingestion.rest.declaration.limits import Limits
from lakehouse.ingestion.rest.pagination import OnePage, Pagination

__all__ = ["RestApi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi:
    """Lists of records behind URLs, as JSON in pages."""

    url: str
    endpoints: tuple[str, ...] = ("",)
    """Below ``url``: each is one list."""
    records: str = ""
    """Where in a page its records stand, such as ``data.items``; empty: the page is the list."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of every first page; a pagination's own URL has its own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    pagination: Pagination = field(default_factory=OnePage)
    auth: Auth = field(default_factory=NoAuth)
    incremental: Incremental | None = None
    limits: Limits = field(default_factory=Limits)

    def url_of(self, endpoint: str) -> str:
        """Return the URL of an endpoint."""
        return f"{self.url.rstrip('/')}/{endpoint.lstrip('/')}" if endpoint else self.url

    def resolved(self, endpoint: str, url: str | None) -> str:
        """Return the URL of a page, which may be relative to its endpoint's."""
        return self.url_of(endpoint) if url is None else urljoin(self.url_of(endpoint), url)

    def is_home(self, url: str) -> bool:
        """Say whether a URL leads to the API itself: credentials go nowhere else."""
        there, here = urlsplit(url), urlsplit(self.url)
        return (there.scheme, there.netloc.rpartition("@")[2]) == (
            here.scheme,
            here.netloc.rpartition("@")[2],
        )

    def problems(self) -> Iterator[InvalidApiError]:
        """Yield what is wrong with the declaration, found without a request."""
        parts = urlsplit(self.url)
        if "${" not in self.url and (parts.scheme not in ("http", "https") or not parts.hostname):
            yield InvalidApiError(
                problem=f"{self.url!r} is no URL of an API", fix="write http:// or https://, and a host."
            )
        if parts.username or parts.password:
            yield InvalidApiError(
                problem="the URL of an API holds a user or a password",
                fix="take it out, and declare auth with the name of a secret.",
            )
        if not self.endpoints:
            yield InvalidApiError(problem="an API has no endpoints", fix="name at least one.")
        for name in (*self.parameters, *self.headers):
            if is_secret_name(name):
                yield InvalidApiError(
                    problem=f"{name!r} is a secret by its name, and would stand in plans and logs",
                    fix=f"declare it as auth: ApiKey(parameter or header={name!r}, secret='env:NAME').",
                )
        yield from self.auth.problems()
        yield from self.pagination.problems()
        yield from self.limits.problems()
