"""Configuration that belongs to a feature, by name."""

from __future__ import annotations

import msgspec

__all__ = ["DomainMetadata"]


class DomainMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """A named piece of configuration; the latest of each domain counts (Delta PROTOCOL, "Domain Metadata").

    Domains of others are carried along untouched; ``delta.…`` belongs to the protocol.
    """

    domain: str
    configuration: str
    """Usually JSON; opaque here."""
    removed: bool
    """True for a tombstone: the domain is removed."""
