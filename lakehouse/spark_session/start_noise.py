"""Keeps a line from the terminal that every JVM of Spark begins with, and that nobody can do anything about."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["LineFilter", "without_incubator_line"]

_LINE = b"WARNING: Using incubator modules: jdk.incubator.vector"
"""Java prints it, and has no option against it, because Spark asks for the module that its vectors need."""
_ERRORS = 2
"""The number of the file that a process writes its errors to."""


@contextmanager
def without_incubator_line() -> Iterator[None]:
    """Let a process that is started meanwhile write its errors by way of this one, which leaves that line out.

    What this process itself writes meanwhile takes the same way. Everything else arrives as it is.
    """
    try:
        shown = os.dup(_ERRORS)
    except OSError:
        yield  # this process has closed its errors, so that nobody sees the line
        return
    came, goes = os.pipe()
    threading.Thread(target=_pass_on, args=(came, shown), name="lakehouse JVM errors", daemon=True).start()
    os.dup2(goes, _ERRORS)
    os.close(goes)
    try:
        yield
    finally:
        os.dup2(shown, _ERRORS)


class LineFilter:
    """Leaves one line out of a text that comes in pieces. A piece is held only while it may become that line."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._held = b""
        self._is_shown = False
        """Whether the beginning of the line that comes was given away already."""

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece and return what can be shown."""
        shown = []
        *ended, rest = piece.split(b"\n")
        for part in ended:
            line = self._held + part
            if self._is_shown or line != self._line:
                shown.append(line + b"\n")
            self._held, self._is_shown = b"", False
        self._held += rest
        if self._is_shown or not self._line.startswith(self._held):
            shown.append(self._held)
            self._held, self._is_shown = b"", True
        return b"".join(shown)

    def end(self) -> bytes:
        """Return what is held when nothing comes any more."""
        return self._held if self._held != self._line else b""


def _pass_on(came: int, shown: int) -> None:
    """Copy bytes until the last writer has ended, less the line."""
    lines = LineFilter(_LINE)
    with open(came, "rb", buffering=0) as source, open(shown, "wb") as target:
        while some := source.read(1 << 16):
            target.write(lines.feed(some))
            target.flush()
        target.write(lines.end())
