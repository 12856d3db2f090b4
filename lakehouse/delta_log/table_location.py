"""From the path of a table to the storage that holds it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from lakehouse.errors import ConfigurationError
from lakehouse.storage import AbstractStorageService, LocalStorageService

__all__ = ["local_path", "open_table_storage"]


def open_table_storage(table_path: str | Path) -> AbstractStorageService:
    """Return a storage service rooted at the table. Raises ConfigurationError unless it is local."""
    return LocalStorageService(local_path(table_path))


def local_path(table_path: str | Path) -> Path:
    """Return the folder of a plain path or ``file:`` URI. Raises ConfigurationError for another scheme."""
    text = str(table_path)
    scheme, separator, _ = text.partition(":")
    if not separator or "/" in scheme or len(scheme) < 2:
        return Path(text)
    if scheme.lower() != "file":
        raise ConfigurationError(
            f"The table {text!r} is in a store of the scheme {scheme!r}, and no storage was given for it; "
            "expected a local path or a file: URI.",
            fix="pass storage=, a storage service rooted at the table.",
        )
    return Path(unquote(urlsplit(text).path))
