"""File paths as actions spell them, and the storage keys that they mean (Delta PROTOCOL, "Add File").

An action's path is a URI: relative to the table's root, or absolute; percent-encoded either way.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, unquote

__all__ = ["canonical_path", "encode_path", "is_absolute", "is_in_same_store", "storage_key"]

# What java.net.URI leaves alone in a path, as Spark's writer does; everything else is percent-encoded.
_UNRESERVED = "/-_.!~*'()=,;:@&+$"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_STORES = {"s3a:": "s3:", "s3n:": "s3:", "abfss:": "abfs:", "wasb:": "abfs:", "wasbs:": "abfs:"}
"""Schemes that name the same store."""


def encode_path(key: str) -> str:
    """Return how an action spells the file of this storage key."""
    first, slash, rest = key.partition("/")
    # A colon in the first segment would read as a scheme.
    return quote(first, safe=_UNRESERVED.replace(":", "")) + slash + quote(rest, safe=_UNRESERVED)


def is_absolute(path: str) -> bool:
    """Return whether an action's path has a scheme or starts at the root."""
    return path.startswith("/") or _SCHEME.match(path) is not None


def canonical_path(path: str) -> str:
    """Return one spelling for all spellings of a path: decoded, and ``file:/x`` = ``file:///x`` = ``/x``.

    ``.``, ``..`` and doubled slashes are resolved first, as Hadoop's ``Path`` does.
    """
    if "%" not in path and ":" not in path and "./" not in path and "//" not in path and path[:1] != "/":
        return path
    scheme = _SCHEME.match(path)
    if scheme is None:
        return unquote(_resolved(path))
    rest = path[scheme.end() :]
    if scheme[0].lower() != "file:":
        return scheme[0].lower() + unquote(_resolved_below_authority(rest))
    for local in ("//localhost/", "//127.0.0.1/"):
        rest = rest[len(local) - 1 :] if rest.lower().startswith(local) else rest
    return unquote(_resolved("/" + rest.lstrip("/")))


def storage_key(path: str, *, table_uri: str) -> str | None:
    """Return the key below the table's root that a path means; None where it lies outside of the table.

    ``table_uri`` is as a storage service gives it. Only the text is compared: a link is not followed.
    """
    plain = canonical_path(path)
    if not is_absolute(path):
        return None if plain.startswith("../") else plain
    # The table's own URI is as Hadoop takes it: nothing in it is percent-encoded.
    root = _located(_table_path(table_uri)).rstrip("/") + "/"
    found = _located(plain)
    return found.removeprefix(root) if found.startswith(root) else None


def is_in_same_store(path: str, *, table_uri: str) -> bool:
    """Return whether a path is relative, or names a store whose paths can be compared with the table's."""
    if not is_absolute(path):
        return True
    return _store(canonical_path(path)) == _store(_table_path(table_uri))


def _table_path(table_uri: str) -> str:
    scheme, colon, rest = table_uri.partition(":")
    is_file = bool(colon) and scheme.lower() == "file"
    return "/" + rest.lstrip("/") if is_file else table_uri


def _store(plain: str) -> str:
    scheme = _SCHEME.match(plain)
    return "file:" if scheme is None else _STORES.get(scheme[0].lower(), scheme[0].lower())


def _located(plain: str) -> str:
    """Return a canonical path under one name of its store and of its bucket or container."""
    if plain.startswith("/"):
        return plain
    store = _store(plain)
    authority, slash, rest = plain.partition(":")[2].removeprefix("//").partition("/")
    authority = authority.lower().replace(".blob.", ".dfs.") if store == "abfs:" else authority
    return f"{store}//{authority}{slash}{rest}"


def _resolved_below_authority(rest: str) -> str:
    if not rest.startswith("//"):
        return _resolved(rest)
    authority, slash, path = rest[2:].partition("/")
    return f"//{authority}{slash}{_resolved(slash + path).removeprefix('/')}"


def _resolved(path: str) -> str:
    if "//" not in path and not _DOTS.search(path):
        return path
    # Two slashes at the beginning are kept by posixpath: POSIX leaves their meaning open.
    return posixpath.normpath("/" + path.lstrip("/") if path.startswith("/") else path)


_DOTS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")
