"""The bytes of a landed file and its name in Spark's words, wherever the code runs: on the driver or in a task."""

from __future__ import annotations

import string
import unicodedata
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from lakehouse.ingestion.chunk_stream import buffered_stream
from lakehouse.settings import StorageSettings
from lakehouse.storage import locate, parse_uri

__all__ = ["open_landed", "spark_file_path"]

_PLAIN = frozenset(string.ascii_letters + string.digits + "/-_.!~*'(),;:$&+=@")
"""What ``java.net.URI`` leaves as it is in a path, beside letters and signs beyond ASCII."""


def open_landed(path: str, settings: StorageSettings | None = None) -> BinaryIO:
    """Open a file's bytes as they lie there; ``settings`` reach its store. Raises OSError or StorageError."""
    location = parse_uri(path)
    if location.scheme == "file":
        return Path(location.path).open("rb")
    store, key = locate(path, settings=settings)
    return buffered_stream(store.stream(key))


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
