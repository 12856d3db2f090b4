"""How a stream is told to end: the micro-batches that are at work are finished first."""

from __future__ import annotations

import threading

__all__ = ["StreamStop"]


class StreamStop:
    """Asks a stream to end. Thread-safe; a signal's handler may call it."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.by = ""
        """Who wants it; empty while nobody does."""

    def ask(self, by: str) -> None:
        """Have the stream end when what is at work is done. It may be asked more than once; the first counts."""
        self.by = self.by or by
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether somebody wants the end."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until somebody asks; say whether somebody did."""
        return self._asked.wait(seconds)
