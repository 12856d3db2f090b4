"""A landed file's name in Spark's words."""

from __future__ import annotations

import string
import unicodedata
from urllib.parse import quote

from lakehouse.storage import parse_uri

__all__ = ["spark_file_path"]

_PLAIN = frozenset(string.ascii_letters + string.digits + "/-_.!~*'(),;:$&+=@")
"""What ``java.net.URI`` leaves as it is in a path, beside letters and signs beyond ASCII."""


def spark_file_path(path: str) -> str:
    """Return the text by which Spark's ``_metadata.file_path`` calls a file: a URI, percent-encoded."""
    location = parse_uri(path)
    if location.scheme == "file":
        return f"file:{_encoded(location.path)}"
    return f"{location.scheme}://{location.authority}/{_encoded(location.path)}"


def _encoded(path: str) -> str:
    return "".join(each if _is_kept(each) else quote(each, safe="") for each in path)


def _is_kept(character: str) -> bool:
    if character.isascii():
        return character in _PLAIN
    return unicodedata.category(character)[0] not in "ZC"
