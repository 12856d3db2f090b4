"""Processes that read one file from a slow server, each through another cache."""

from __future__ import annotations

import time
from typing import IO, Any
from urllib.request import Request, urlopen

from fsspec import AbstractFileSystem
from fsspec.implementations.cached import SimpleCacheFileSystem, WholeFileCacheFileSystem

from lakehouse.cache import NodeFileCache

FSSPEC_CACHES = {"simplecache": SimpleCacheFileSystem, "filecache": WholeFileCacheFileSystem}
PIECE_BYTES = 1 << 16


class UrlFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """Files by URL for fsspec, copied piece by piece as its own HTTP file system does (which needs aiohttp)."""

    protocol = "url"

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        with urlopen(Request(path, method="HEAD")) as response:
            return {"name": path, "type": "file", "size": int(response.headers["Content-Length"])}

    def get_file(self, rpath: str, lpath: str, **_: Any) -> None:
        with open(lpath, "wb") as target:
            copy(rpath, target)


def copy(uri: str, target: IO[bytes]) -> None:
    """Write what the URL gives."""
    with urlopen(uri) as response:
        while piece := response.read(PIECE_BYTES):
            target.write(piece)


def read_with_fsspec(kind: str, uri: str, folder: str, delay_seconds: float) -> int:
    """Return how many bytes fsspec's cache of this kind gave."""
    time.sleep(delay_seconds)
    with FSSPEC_CACHES[kind](fs=UrlFileSystem(), cache_storage=folder).open(uri, "rb") as file:
        return len(file.read())


def read_with_ours(_kind: str, uri: str, folder: str, delay_seconds: float) -> int:
    """Return how many bytes the node's file cache gave."""
    time.sleep(delay_seconds)
    files = NodeFileCache(folder, max_bytes=1 << 30)
    with files.open(uri, "1", lambda target: copy(uri, target)) as lease:
        return len(lease.read())
