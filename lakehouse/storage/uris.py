"""Take URIs apart the way Hadoop's ``Path`` does: nothing is percent-decoded, and '?' and '#' are plain."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse.storage.errors import InvalidUriError

__all__ = ["Location", "parse_uri"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://)?")
_SIGNATURE = re.compile(r"[?&](sig|sv|se|signature|awsaccesskeyid|x-amz-[a-z-]+)=", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in some store."""

    scheme: str
    """In lower case; ``file`` for a path without one."""
    authority: str
    """The bucket, or ``container@host``; empty for local paths."""
    path: str
    """The key or prefix; for local files the whole path, as it was given."""


def parse_uri(uri: str) -> Location:
    """Take a URI or a local path apart. Raises InvalidUriError, without repeating a credential."""
    if _SIGNATURE.search(uri):
        raise InvalidUriError(uri=_without_secrets(uri), reason="it carries a signature or access key")
    scheme = _SCHEME.match(uri)
    if scheme is None or ("://" not in uri and scheme[1].lower() != "file"):
        return Location(scheme="file", authority="", path=uri)
    name, rest = scheme[1].lower(), uri[scheme.end() :]
    if name == "file":
        return Location(scheme="file", authority="", path=_local_path(rest, uri))
    authority, _, path = rest.partition("/")
    if ":" in authority or authority.count("@") > 1 or ("@" in authority and not name.startswith("abfs")):
        raise InvalidUriError(uri=_without_secrets(uri), reason="a user, password or port stands in it")
    if not authority:
        raise InvalidUriError(uri=uri, reason="it has no bucket or container")
    return Location(scheme=name, authority=authority, path=path)


def _local_path(rest: str, uri: str) -> str:
    if rest.startswith("localhost/"):
        return rest.removeprefix("localhost")
    if not rest.startswith("/"):
        raise InvalidUriError(uri=uri, reason="the path of a file: URI starts with '/'")
    return rest


def _without_secrets(uri: str) -> str:
    scheme = _SCHEME.match(uri)
    return f"{scheme[0] if scheme else ''}…"
