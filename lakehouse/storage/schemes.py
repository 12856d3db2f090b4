"""Make the storage service for a URI. New schemes are registered from outside."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from lakehouse.settings import AdlsStorage, S3Storage, StorageSettings
from lakehouse.storage.adls import ADLSStorageService
from lakehouse.storage.errors import InvalidUriError, UnknownSchemeError
from lakehouse.storage.interface import AbstractStorageService
from lakehouse.storage.local import LocalStorageService
from lakehouse.storage.s3 import S3StorageService
from lakehouse.storage.uris import Location, parse_uri

__all__ = [
    "Factory",
    "adls_place",
    "known_settings",
    "locate",
    "register_scheme",
    "register_settings",
    "storage_for",
]

Factory: TypeAlias = Callable[[Location, "StorageSettings | None"], AbstractStorageService]
"""Makes the service whose root is the location; settings of its own kind say how to reach it."""

_ADLS_HOST = re.compile(r"(?P<container>[^@]+)@(?P<account>[^.@]+)\.(?:dfs|blob)\.core\.windows\.net")


def storage_for(uri: str, *, settings: StorageSettings | None = None) -> AbstractStorageService:
    """Return the service rooted at a URI or local path.

    Takes ``path``, ``file:///path``, ``s3://bucket/prefix`` (or ``s3a:``),
    ``abfss://container@account.dfs.core.windows.net/prefix``, and what was registered.
    Raises InvalidUriError, UnknownSchemeError.
    """
    return _service(parse_uri(uri), settings)


def locate(uri: str, *, settings: StorageSettings | None = None) -> tuple[AbstractStorageService, str]:
    """Return the service and the key of the one object that a URI names. Raises InvalidUriError."""
    location = parse_uri(uri)
    folder, slash, key = location.path.rpartition("/")
    if not key:
        raise InvalidUriError(uri=uri, reason="it names a folder, and one object is needed")
    if location.scheme == "file":
        folder = folder + slash or "."
    above = Location(scheme=location.scheme, authority=location.authority, path=folder)
    return _service(above, settings), key


def register_scheme(scheme: str, factory: Factory) -> None:
    """Register the factory of a scheme for ``storage_for``; it replaces an earlier one."""
    _FACTORIES[scheme.lower()] = factory


def adls_place(location: Location) -> tuple[str, str]:
    """Return the container and the account of an ``abfss:`` location. Raises InvalidUriError."""
    place = _ADLS_HOST.fullmatch(location.authority)
    if place is None:
        uri = f"{location.scheme}://{location.authority}"
        raise InvalidUriError(uri=uri, reason="the container and the account can't be told from it")
    return place["container"], place["account"]


def register_settings(settings: StorageSettings) -> None:
    """Register how every URI of this bucket or account is reached."""
    if isinstance(settings, S3Storage):
        _KNOWN["s3", settings.bucket] = settings
    elif isinstance(settings, AdlsStorage):
        _KNOWN["adls", settings.account] = settings


def known_settings(location: Location) -> StorageSettings | None:
    """Return the settings registered for the bucket or account of a location; None when there are none."""
    if location.scheme in {"s3", "s3a"}:
        return _KNOWN.get(("s3", location.authority))
    place = _ADLS_HOST.fullmatch(location.authority)
    return _KNOWN.get(("adls", place["account"])) if place else None


def _service(location: Location, settings: StorageSettings | None) -> AbstractStorageService:
    factory = _FACTORIES.get(location.scheme)
    if factory is None:
        raise UnknownSchemeError(scheme=location.scheme, known=tuple(sorted(_FACTORIES)))
    return factory(location, settings or known_settings(location))


def _local(location: Location, settings: StorageSettings | None) -> AbstractStorageService:
    return LocalStorageService(location.path or ".")


def _s3(location: Location, settings: StorageSettings | None) -> AbstractStorageService:
    given = settings if isinstance(settings, S3Storage) else None
    return S3StorageService(
        location.authority,
        prefix=location.path.rstrip("/"),
        region=given.region if given else None,
        endpoint=given.endpoint if given else None,
    )


def _adls(location: Location, settings: StorageSettings | None) -> AbstractStorageService:
    container, account = adls_place(location)
    given = settings if isinstance(settings, AdlsStorage) else None
    return ADLSStorageService(
        container,
        account=account,
        prefix=location.path.rstrip("/"),
        endpoint=given.endpoint if given else None,
    )


_KNOWN: dict[tuple[str, str], StorageSettings] = {}
_FACTORIES: dict[str, Factory] = {"file": _local, "s3": _s3, "s3a": _s3, "abfs": _adls, "abfss": _adls}
