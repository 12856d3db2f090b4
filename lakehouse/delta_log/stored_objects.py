"""Where a table's objects are: in it, behind a link, or in another table that it was cloned from."""

from __future__ import annotations

import os
from pathlib import Path

from lakehouse.delta_log.actions import canonical_path, is_absolute, storage_key
from lakehouse.errors import StorageError
from lakehouse.storage import (
    AbstractStorageReader,
    AbstractStorageService,
    LocalStorageService,
    storage_for,
)

__all__ = ["locate", "table_storage"]


def table_storage(table_path: str) -> AbstractStorageService:
    """Return the storage rooted at a table. Folders and files of it may be links to another disk.

    Raises ConfigurationError for a path that can't be opened here.
    """
    storage = storage_for(table_path)
    if isinstance(storage, LocalStorageService):
        return LocalStorageService(storage.path(), links_may_leave=True)
    return storage


def locate(storage: AbstractStorageReader, path: str) -> tuple[AbstractStorageReader, str]:
    """Return the storage and the key of a path as an action spells it.

    A path outside of the table's root is legal (Delta PROTOCOL, "Add File"): a shallow clone names the files
    of its source. Raises StorageError where that lies in a store that can't be opened from here.
    """
    key = storage_key(path, table_uri=storage.uri())
    return (storage, key) if key is not None else _outside(storage, path)


def _outside(storage: AbstractStorageReader, path: str) -> tuple[AbstractStorageReader, str]:
    plain = Path(canonical_path(path))
    if not is_absolute(path) and isinstance(storage, LocalStorageService):
        plain = Path(os.path.normpath(storage.path() / plain))
    if not plain.is_absolute():
        raise StorageError(
            f"The absolute path {path!r} is in a store that can't be opened from its path alone.",
            fix="read the table where its source is on a local disk, or copy its files into the table.",
        )
    return LocalStorageService(plain.parent), plain.name
