"""How a cached file is named: its name holds everything that must be known about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["Digest", "StoredObject", "digest_of"]

Digest = tuple[int, int]
"""A file's key: the two halves of 128 bits of BLAKE2b over address and version."""

_NAME = re.compile(r"([0-9a-f]{16})([0-9a-f]{16})-([0-9a-f]+)-([0-9a-f]{8})")


def digest_of(uri: str, version: str) -> Digest:
    """Return the key of one version of a file; never (0, 0), which marks an empty slot."""
    key = f"{len(uri)}:{uri}{version}".encode("utf-8", "surrogatepass")
    raw = blake2b(key, digest_size=16).digest()
    return int.from_bytes(raw[:8], "big") or 1, int.from_bytes(raw[8:], "big")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A whole, immutable copy: key, size and CRC-32 of its content."""

    digest: Digest
    size_bytes: int
    checksum: int

    @property
    def name(self) -> str:
        """Return the file's name, from which a lost index is rebuilt."""
        high, low = self.digest
        return f"{high:016x}{low:016x}-{self.size_bytes:x}-{self.checksum:08x}"

    @classmethod
    def from_name(cls, name: str) -> StoredObject | None:
        """Return what the name says; None when it is not a StoredObject's name."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        high, low, size_bytes, checksum = (int(part, 16) for part in match.groups())
        return cls((high, low), size_bytes, checksum)
