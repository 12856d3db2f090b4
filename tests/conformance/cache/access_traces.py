"""The access traces of the conformance data, and the exact hits of an LRU cache on them."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

VARIABLE = "LAKEHOUSE_CONFORMANCE_DATA"
BYTES_TRACE = "libcachesim/cloudPhysicsIO.oracleGeneral.bin"


def data_folder() -> Path | None:
    """Return the folder of the cache's conformance data, if there is one."""
    root = os.environ.get(VARIABLE)
    folder = Path(root, "cache") if root else None
    return folder if folder is not None and folder.is_dir() else None


@lru_cache(1)
def reference() -> dict[str, dict[str, Any]]:
    """Return requests, and hits or misses for each capacity, by trace."""
    folder = data_folder()
    if folder is None:
        return {}
    found: dict[str, dict[str, Any]] = json.loads((folder / "lru_reference.json").read_text())
    return found


@lru_cache(2)
def keys_of(name: str) -> list[int]:
    """Return the requested keys of one trace, in order."""
    folder = data_folder()
    assert folder is not None
    path = folder / name
    if not path.exists():
        path = folder / "caffeine" / name
    if path.suffix == ".xz":
        body = lzma.decompress(path.read_bytes())
        return list(struct.unpack(f">{len(body) // 4}i", body))
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [int(line) for line in text.split() if line != b"*"]


def sized_requests(name: str) -> Iterator[tuple[int, int]]:
    """Yield key and bytes of each request (libCacheSim, "oracleGeneral": time, key, size, next access)."""
    folder = data_folder()
    assert folder is not None
    for _, key, size_bytes, _ in struct.iter_unpack("<IQIq", (folder / name).read_bytes()):
        yield key, size_bytes
