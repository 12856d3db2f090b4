"""One fetch of a file: into the cache's folder if it can be, counted, timed and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from lakehouse.cache.download import Download
from lakehouse.cache.errors import TruncatedDownloadError
from lakehouse.cache.node_statistics import NodeCounters
from lakehouse.cache.single_use import refuse_single_use

__all__ = ["Fetch", "fetched"]

Fetch = Callable[[IO[bytes]], object]
"""Writes the whole file into what it is given, by ``write`` or ``fileno()``. May be called again, by any process."""


@contextmanager
def fetched(
    path: Path | None, uri: str, fetch: Fetch, *, size_bytes: int | None, counters: NodeCounters
) -> Iterator[Download]:
    """Let ``fetch`` write the file, at ``path`` or without a name; gone after the ``with`` unless it was moved.

    Raises what ``fetch`` raises, TruncatedDownloadError, SingleUseValueError.
    """
    with _download_at(path) as download:
        started_ns = time.perf_counter_ns()
        try:
            _fetch_whole(download, uri, fetch, size_bytes)
        except BaseException:
            counters.add("fetch_failures")
            raise
        counters.add("fetch_microseconds", (time.perf_counter_ns() - started_ns) // 1000)
        counters.add("fetches")
        counters.add("fetched_bytes", download.size_bytes)
        yield download


def _download_at(path: Path | None) -> Download:
    try:
        return Download(path)
    except OSError:
        return Download(None)


def _fetch_whole(download: Download, uri: str, fetch: Fetch, size_bytes: int | None) -> None:
    returned = fetch(cast("IO[bytes]", download))
    # Nothing of such a fetch has run yet: an empty file would be cached.
    refuse_single_use(
        returned, what=f"fetch of {uri!r}", fix="let fetch be a plain function that writes before it returns."
    )
    download.finish()
    if size_bytes is not None and download.size_bytes != size_bytes:
        raise TruncatedDownloadError(uri=uri, expected_bytes=size_bytes, fetched_bytes=download.size_bytes)
