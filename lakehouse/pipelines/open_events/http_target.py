"""An address that takes documents by POST: a target of an outbox."""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from lakehouse.masking import hide

__all__ = ["HttpTarget", "hide_key"]

_SHORTEST_KEY = 8
"""A header's value that is shorter is the number of a tenant, or a flag: no secret, and part of many a text."""


def hide_key(value: str) -> None:
    """Hide the key that a header's value may be, such as that of ``Bearer KEY``."""
    key = value.rpartition(" ")[2]
    if len(key) >= _SHORTEST_KEY:
        hide(key)


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """An address that documents are posted to."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    timeout_seconds: float = 3.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")) or any(map(str.isspace, self.url)):
            raise ValueError("an address begins with http:// or https://, and has no spaces")

    @classmethod
    def of(cls, url: str, *, headers: Mapping[str, str] | None = None, timeout_seconds: float = 3.0) -> Self:
        """Return the target; a user and password before the host go into a header, and are hidden."""
        parts = urlsplit(url.strip())
        user, separator, host = parts.netloc.rpartition("@")
        given = dict(headers or {})
        if separator:
            name, _, password = map(unquote, user.partition(":"))
            basic = base64.b64encode(f"{name}:{password}".encode()).decode()
            hide(password or name)
            hide(basic)
            given.setdefault("Authorization", f"Basic {basic}")
        return cls(parts._replace(netloc=host).geturl(), given, timeout_seconds)

    def __call__(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(self.url, body, headers, method="POST")  # noqa: S310 - checked above
        try:
            _opener().open(request, timeout=self.timeout_seconds).close()
        except HTTPError as error:
            error.close()
            raise


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A server that sends the sender elsewhere gets an error: elsewhere, nobody is to see the keys."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@cache
def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirects)
