"""Bytes by key, on a local disk or in memory. No Spark here, and no knowledge of tables."""

from lakehouse.storage.errors import AccessDeniedError, InvalidKeyError, NotFoundError
from lakehouse.storage.interface import AbstractStorageReader, AbstractStorageService
from lakehouse.storage.local import LocalStorageService
from lakehouse.storage.memory import MemoryStorageService
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, ObjectStat, Replaced

__all__ = [
    "AbstractStorageReader",
    "AbstractStorageService",
    "AccessDeniedError",
    "AlreadyThere",
    "Changed",
    "Created",
    "InvalidKeyError",
    "LocalStorageService",
    "MemoryStorageService",
    "NotFoundError",
    "ObjectStat",
    "Replaced",
]
