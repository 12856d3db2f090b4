"""File paths as actions spell them, and the storage keys that they mean (Delta PROTOCOL, "Add File").

An action's path is a URI: relative to the table's root, or absolute; percent-encoded either way.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

__all__ = ["canonical_path", "encode_path", "is_absolute", "storage_key"]

# What java.net.URI leaves alone in a path, as Spark's writer does; everything else is percent-encoded.
_UNRESERVED = "/-_.!~*'()=,;:@&+$"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def encode_path(key: str) -> str:
    """Return how an action spells the file of this storage key."""
    first, slash, rest = key.partition("/")
    # A colon in the first segment would read as a scheme.
    return quote(first, safe=_UNRESERVED.replace(":", "")) + slash + quote(rest, safe=_UNRESERVED)


def is_absolute(path: str) -> bool:
    """Return whether an action's path has a scheme or starts at the root."""
    return path.startswith("/") or _SCHEME.match(path) is not None


def canonical_path(path: str) -> str:
    """Return one spelling for all spellings of a path: decoded, and ``file:/x`` = ``file:///x`` = ``/x``."""
    if "%" not in path and ":" not in path and not path.startswith("/"):
        return path
    scheme = _SCHEME.match(path)
    if scheme is None:
        return unquote(path)
    rest = unquote(path[scheme.end() :])
    if scheme[0].lower() != "file:":
        return scheme[0].lower() + rest
    return "/" + rest.lstrip("/")


def storage_key(path: str, *, table_uri: str) -> str | None:
    """Return the key below the table's root that a path means; None where it lies outside of the table.

    ``table_uri`` is as a storage service gives it.
    """
    plain = canonical_path(path)
    if not is_absolute(path):
        return plain
    # The table's own URI is as Hadoop takes it: nothing in it is percent-encoded.
    scheme, colon, rest = table_uri.partition(":")
    is_file = bool(colon) and scheme.lower() == "file"
    root = ("/" + rest.lstrip("/") if is_file else table_uri).rstrip("/") + "/"
    return plain.removeprefix(root) if plain.startswith(root) else None
