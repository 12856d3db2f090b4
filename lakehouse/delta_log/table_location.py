"""From the path of a table to the storage that holds it."""

from __future__ import annotations

from pathlib import Path

from lakehouse.storage import AbstractStorageService, storage_for

__all__ = ["open_table_storage"]


def open_table_storage(table_path: str | Path) -> AbstractStorageService:
    """Return a storage service rooted at the table: a local path, or a URI of a scheme that is known.

    Raises InvalidUriError, UnknownSchemeError.
    """
    return storage_for(str(table_path))
