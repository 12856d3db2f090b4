"""Names and addresses of stores, checked so that no credential can hide in them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from lakehouse.storage.errors import InvalidEndpointError, InvalidStoreNameError

__all__ = ["check_name", "client_options_for"]

_NAME = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,254}")


def check_name(name: str, *, what: str) -> None:
    """Raise InvalidStoreNameError unless a bucket, container or account can have this name."""
    if not _NAME.fullmatch(name):
        raise InvalidStoreNameError(what=what)


def client_options_for(endpoint: str | None) -> dict[str, Any]:
    """Return the HTTP client's options for an endpoint. Raises InvalidEndpointError."""
    if endpoint is None:
        return {}
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidEndpointError(reason="it is not an http:// or https:// URL")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidEndpointError(reason="it has a part that may be a credential")
    return {"allow_http": parts.scheme == "http"}
