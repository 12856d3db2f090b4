"""Copy objects: by the store itself when both places are in it, otherwise through this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.storage.errors import InvalidUriError
from lakehouse.storage.interface import AbstractStorageService
from lakehouse.storage.outcomes import AlreadyThere, ObjectStat
from lakehouse.storage.schemes import locate, storage_for
from lakehouse.storage.uris import parse_uri

__all__ = ["Copied", "copy_all", "copy_object"]

_MAX_COPY_BYTES = 5 * 1000**3
"""What S3 copies in one request ("CopyObject" takes 5 GB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """One object that was copied, by the URIs that Spark would use."""

    source: str
    target: str
    size_bytes: int


def copy_object(source: str, target: str, *, only_if_absent: bool = False) -> Copied | AlreadyThere:
    """Copy one object between URIs; a target that ends in '/' keeps the source's name.

    With ``only_if_absent`` nothing is overwritten, and the body goes through memory at once.
    Raises NotFoundError, InvalidUriError.
    """
    _, name = locate(source)
    target = target + name if target.endswith("/") else target
    from_store, from_key, to_store, to_key = _both(source, target)
    if only_if_absent:
        body = from_store.read(from_key)
        if isinstance(to_store.put_if_absent(to_key, body), AlreadyThere):
            return AlreadyThere(key=to_key)
        size_bytes = len(body)
    else:
        size_bytes = _transfer(from_store, from_key, to_store, to_key).size_bytes
    return Copied(source=from_store.uri(from_key), target=to_store.uri(to_key), size_bytes=size_bytes)


def copy_all(source: str, target: str) -> Iterator[Copied]:
    """Copy every object below one URI to the same key below another, as the result is read."""
    from_store, to_store = storage_for(source), storage_for(target)
    for stat in from_store.list():
        to_store.write(stat.key, from_store.stream(stat.key))
        yield Copied(
            source=from_store.uri(stat.key), target=to_store.uri(stat.key), size_bytes=stat.size_bytes
        )


def _both(source: str, target: str) -> tuple[AbstractStorageService, str, AbstractStorageService, str]:
    """Return both services and keys; one and the same service if both places are of one cloud store."""
    here, there = parse_uri(source), parse_uri(target)
    if here.scheme == "file" or here.authority != there.authority or here.path.endswith("/"):
        return *locate(source), *locate(target)
    if not there.path:
        raise InvalidUriError(uri=target, reason="it names no object")
    root = storage_for(f"{here.scheme}://{here.authority}")
    return root, here.path, root, there.path


def _transfer(
    from_store: AbstractStorageService, from_key: str, to_store: AbstractStorageService, to_key: str
) -> ObjectStat:
    if from_store is to_store and from_store.stat(from_key).size_bytes <= _MAX_COPY_BYTES:
        return to_store.copy(from_key, to_key)
    return to_store.write(to_key, from_store.stream(from_key))
