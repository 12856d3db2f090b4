"""What a store knows about an object, and how a conditional write ends: as a value, not to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

__all__ = ["AlreadyThere", "Changed", "Created", "NotThere", "ObjectStat", "Replaced"]


# A msgspec.Struct and not a dataclass: a listing makes one for each object, and this one costs a tenth.
class ObjectStat(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a store knows about one object without reading it."""

    key: str
    size_bytes: int
    modified_ms: int
    """Milliseconds since the epoch; not unique, not monotonic. By the store's clock in ``stat`` and ``list``;
    in the answer to a write by this process's, because stores don't tell."""
    etag: str
    """Changes whenever the content changes; opaque, and compared only with this store's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """This call created the object."""

    stat: ObjectStat


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyThere:
    """Somebody else's object holds the key; it was not touched."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotThere:
    """No object has the key now. One whose writer got no answer may still arrive."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The object that had the ETag was replaced, by this call."""

    stat: ObjectStat


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The object has another ETag by now, or is gone; it was not touched."""

    key: str
