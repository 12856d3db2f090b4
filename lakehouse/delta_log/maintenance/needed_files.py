"""Which objects a table still needs, by what they are and not by how the log spells them."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pyarrow as pa

from lakehouse.delta_log.actions import (
    Action,
    AddCDCFile,
    AddFile,
    DeletionVectorDescriptor,
    canonical_path,
    is_absolute,
    is_in_same_store,
    storage_key,
)
from lakehouse.delta_log.deletion_vectors import deletion_vector_path, descriptor_of
from lakehouse.delta_log.errors import UnmappablePathError
from lakehouse.storage import AbstractStorageService, LocalStorageService, ObjectStat

__all__ = ["NeededFiles"]

_SPELLED = ["path", "deletionVector"]


class NeededFiles:
    """The data files and deletion vectors of a table's log; a path that can't be followed is an error."""

    def __init__(self, storage: AbstractStorageService) -> None:
        self._storage = storage
        self._table = storage.uri()
        self._root = storage.path() if isinstance(storage, LocalStorageService) else None
        self._keys: set[str] = set()
        self._inodes: set[tuple[int, int]] = set()

    def require(self, files: pa.Table, *, are_live: bool) -> None:
        """Keep the files of a table of files; live ones must be there where their path is absolute.

        Raises UnmappablePathError for a path that may mean any object of the table.
        """
        for row in files.select(_SPELLED).to_pylist():
            vector = descriptor_of(row["deletionVector"], table=self._table)
            for path in _paths(row["path"], vector):
                self._require(path, is_live=are_live)

    def require_of_clone(self, files: pa.Table) -> None:
        """Keep the files that another table names by whole paths, as a shallow clone does."""
        for row in files.select(_SPELLED).to_pylist():
            vector = descriptor_of(row["deletionVector"], table=self._table)
            for path in _paths(row["path"], vector):
                if is_absolute(path) and is_in_same_store(path, table_uri=self._table):
                    self._require(path, is_live=False)

    def require_of(self, actions: Iterable[Action]) -> None:
        """Keep the files that a commit added: data files with their deletion vectors, and change data."""
        for action in actions:
            if isinstance(action, AddFile):
                for path in _paths(action.path, action.deletion_vector):
                    self._require(path, is_live=False)
            elif isinstance(action, AddCDCFile):
                self._require(action.path, is_live=False)

    def holds(self, stat: ObjectStat) -> bool:
        """Return whether an object of the table is one of these, under whatever name."""
        if stat.key in self._keys:
            return True
        return self._root is not None and self._inode(os.path.join(self._root, stat.key)) in self._inodes

    def _require(self, path: str, *, is_live: bool) -> None:
        if not is_in_same_store(path, table_uri=self._table):
            raise UnmappablePathError(table=self._table, path=path, reason="it names a store of another kind")
        key = storage_key(path, table_uri=self._table)
        if key is not None:
            self._keys.add(key)
        if not is_absolute(path):
            self._keys.add(path)  # as some writers mean it: they encode nothing
        if self._root is not None:
            self._follow(path, self._root, is_live=is_live)

    def _follow(self, path: str, root: os.PathLike[str], *, is_live: bool) -> None:
        # An absolute path stays one when it is joined, and the system follows what links there are.
        inode = self._inode(os.path.join(root, canonical_path(path)))
        if inode is not None:
            self._inodes.add(inode)
        elif is_live and is_absolute(path) and storage_key(path, table_uri=self._table) is None:
            reason = "no file is there, so it may be one of the table's own under an older name of its folder"
            raise UnmappablePathError(table=self._table, path=path, reason=reason)

    def _inode(self, path: str) -> tuple[int, int] | None:
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = f"the file can't be looked at: {error.strerror}"
            raise UnmappablePathError(table=self._table, path=path, reason=reason) from error
        return status.st_dev, status.st_ino


def _paths(path: str, vector: DeletionVectorDescriptor | None) -> Iterable[str]:
    yield path
    beside = None if vector is None else deletion_vector_path(vector)
    if beside is not None:
        yield beside
