"""SIGTERM stops a verb as Ctrl-C does: what it was at is cleaned up, and then the process ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

__all__ = ["sigterm_stops"]


@contextmanager
def sigterm_stops() -> Iterator[None]:
    """Raise KeyboardInterrupt, which names the signal, where SIGTERM comes meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what becomes of a signal
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: what follows is the end
    raise KeyboardInterrupt("SIGTERM")
