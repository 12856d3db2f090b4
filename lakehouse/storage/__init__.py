"""Bytes by key, on a local disk or in memory. No Spark here, and no knowledge of tables."""

from lakehouse.storage.errors import AccessDeniedError, InvalidKeyError, NotFoundError
from lakehouse.storage.interface import (
    AbstractStorageReader,
    AbstractStorageService,
    AlreadyThere,
    Created,
    ObjectStat,
)
from lakehouse.storage.local import LocalStorageService
from lakehouse.storage.memory import MemoryStorageService

__all__ = [
    "AbstractStorageReader",
    "AbstractStorageService",
    "AccessDeniedError",
    "AlreadyThere",
    "Created",
    "InvalidKeyError",
    "LocalStorageService",
    "MemoryStorageService",
    "NotFoundError",
    "ObjectStat",
]
