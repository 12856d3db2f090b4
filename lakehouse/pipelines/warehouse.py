"""Where everything of a pipeline lies: a table is a folder of its name under its layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lakehouse.storage import AbstractStorageService, LocalStorageService, storage_for

__all__ = ["CHANGES_LAYER", "QUARANTINE_SUFFIX", "SYSTEM_LAYER", "Warehouse"]

SYSTEM_LAYER = "system"
"""The layer of what the library itself writes: batches and events."""

CHANGES_LAYER = f"{SYSTEM_LAYER}/changes"
"""Below it, by layer, the tables of changes that tables made of changes don't show."""

QUARANTINE_SUFFIX = "_quarantine"
"""Behind a table's name, the name of the table for rows that are set aside from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """A root for tables, and the storage service for what isn't a table."""

    root: str
    storage: AbstractStorageService

    @classmethod
    def at(cls, root: str | Path) -> Warehouse:
        """Return the warehouse in a folder, which need not exist yet, or below a URI of any store."""
        if "://" in str(root) and not str(root).startswith("file:"):
            storage = storage_for(str(root))
            return cls(root=storage.uri(), storage=storage)
        folder = Path(str(root).removeprefix("file:")).absolute()
        return cls(root=str(folder), storage=LocalStorageService(folder, durable=True))

    def path_of(self, layer: str, table: str) -> str:
        """Return the folder of a table, as Spark takes it."""
        return f"{self.root}/{layer}/{table}"

    def path_of_outside(self, table: str) -> str:
        """Return the folder of a table that no pipeline here need know: a path or URI, or ``layer.name``."""
        if "://" in table:
            return table
        if "/" in table or table.count(".") != 1:
            return str(Path(table).absolute())
        return self.path_of(*table.split("."))
