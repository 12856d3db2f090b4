"""Texts without the secrets that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

__all__ = ["Masking", "is_secret_name"]

_MASK = "***"
_SECRET_NAME = re.compile(
    r"(^|[-_.])(api[-_]?key|apikey|key|token|secret|password|passwd|pwd|auth|authorization|signature|sig|credential)s?$",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"^(page|next|continuation|cursor|sort|order)[-_]?(key|token)$", re.IGNORECASE)
_SHORTEST = 4
"""A shorter secret is in too many words to be taken out of a text."""


def is_secret_name(parameter: str) -> bool:
    """Say whether a parameter of this name carries a secret, as far as its name tells."""
    return bool(_SECRET_NAME.search(parameter)) and not _NOT_SECRET.match(parameter)


@dataclass(frozen=True, slots=True)
class Masking:
    """Takes known secrets out of texts, and what looks like one out of URLs."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    def text(self, text: str) -> str:
        """Return the text with ``***`` for each secret, as it is or as a URL or JSON writes it."""
        for secret in self._as_written():
            text = text.replace(secret, _MASK)
        return text

    def url(self, url: str) -> str:
        """Return the URL with ``***`` for secrets, for a user and password, and for parameters named like one."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")
        netloc = f"{_MASK}@{host[2]}" if host[1] else parts.netloc
        query = "&".join(_masked(each) for each in parts.query.split("&")) if parts.query else ""
        return self.text(urlunsplit(parts._replace(netloc=netloc, query=query)))

    def _as_written(self) -> Iterable[str]:
        for secret in self.secrets:
            if len(secret) >= _SHORTEST:
                yield from sorted({secret, quote(secret, safe=""), quote_plus(secret)}, key=len, reverse=True)


def _masked(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={_MASK}" if equals and is_secret_name(name) else pair
