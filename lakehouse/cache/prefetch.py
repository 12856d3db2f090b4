"""Fetch files ahead of their use, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any

__all__ = ["FileToFetch", "Prefetch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToFetch:
    """What ``NodeFileCache.open`` takes."""

    uri: str
    version: str
    fetch: Callable[[IO[bytes]], object]
    size_bytes: int | None = None


class Prefetch:
    """Threads that take one file after the other; the iterable is read no faster than they do."""

    def __init__(self, open_file: Callable[..., Any], files: Iterable[FileToFetch], *, threads: int) -> None:
        self._open_file = open_file
        self._files = iter(files)
        self._next_file = threading.Lock()
        self._is_stopped = False
        self.failures: list[tuple[FileToFetch, Exception]] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"lakehouse-prefetch-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Return when every file has been tried."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Begin no further file, and wait for those under way."""
        self._is_stopped = True
        self.wait()

    def __enter__(self) -> Prefetch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> FileToFetch | None:
        with self._next_file:
            return None if self._is_stopped else next(self._files, None)

    def _work(self) -> None:
        while (file := self._take()) is not None:
            try:
                self._open_file(file.uri, file.version, file.fetch, size_bytes=file.size_bytes).close()
            except Exception as error:  # noqa: BLE001  # the one who needs the file will meet it
                self.failures.append((file, error))
