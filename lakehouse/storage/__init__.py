"""Bytes by key: on a local disk, in S3, in ADLS or in memory. No Spark here, and no knowledge of tables."""

from lakehouse.storage.adls import ADLSStorageService
from lakehouse.storage.async_object_store import AsyncObjectStorageService
from lakehouse.storage.asynchronous import (
    AbstractAsyncStorageReader,
    AbstractAsyncStorageService,
    ThreadedStorageService,
    async_twin,
    outcome_of_cancelled,
)
from lakehouse.storage.copying import Copied, copy_all, copy_object
from lakehouse.storage.errors import (
    AccessDeniedError,
    InvalidEndpointError,
    InvalidKeyError,
    InvalidRangeError,
    InvalidStoreNameError,
    InvalidUriError,
    NoSuchStoreError,
    NotFoundError,
    ObjectChangedError,
    OutcomeUnknownError,
    ThrottledError,
    UnknownSchemeError,
    UnnameableKeyError,
    UnreachableError,
    UnusableProfileError,
)
from lakehouse.storage.interface import CHUNK_BYTES, AbstractStorageReader, AbstractStorageService, Body
from lakehouse.storage.local import TEMPORARY_PREFIX, LocalStorageService
from lakehouse.storage.memory import MemoryStorageService
from lakehouse.storage.object_store import ObjectStorageService
from lakehouse.storage.opening import buffered_stream, open_uri
from lakehouse.storage.outcomes import AlreadyThere, Changed, Created, NotThere, ObjectStat, Replaced
from lakehouse.storage.retries import RetryPolicy
from lakehouse.storage.s3 import S3StorageService
from lakehouse.storage.schemes import known_settings, locate, register_scheme, register_settings, storage_for
from lakehouse.storage.spark_settings import HADOOP_PACKAGES, spark_settings, with_spark_access
from lakehouse.storage.uris import Location, parse_uri

__all__ = [
    "CHUNK_BYTES",
    "HADOOP_PACKAGES",
    "TEMPORARY_PREFIX",
    "ADLSStorageService",
    "AbstractAsyncStorageReader",
    "AbstractAsyncStorageService",
    "AbstractStorageReader",
    "AbstractStorageService",
    "AccessDeniedError",
    "AlreadyThere",
    "AsyncObjectStorageService",
    "Body",
    "Changed",
    "Copied",
    "Created",
    "InvalidEndpointError",
    "InvalidKeyError",
    "InvalidRangeError",
    "InvalidStoreNameError",
    "InvalidUriError",
    "LocalStorageService",
    "Location",
    "MemoryStorageService",
    "NoSuchStoreError",
    "NotFoundError",
    "NotThere",
    "ObjectChangedError",
    "ObjectStat",
    "ObjectStorageService",
    "OutcomeUnknownError",
    "Replaced",
    "RetryPolicy",
    "S3StorageService",
    "ThreadedStorageService",
    "ThrottledError",
    "UnknownSchemeError",
    "UnnameableKeyError",
    "UnreachableError",
    "UnusableProfileError",
    "async_twin",
    "buffered_stream",
    "copy_all",
    "copy_object",
    "known_settings",
    "locate",
    "open_uri",
    "outcome_of_cancelled",
    "parse_uri",
    "register_scheme",
    "register_settings",
    "spark_settings",
    "storage_for",
    "with_spark_access",
]
