"""Keeps what is said to the JVM out of the log, while secrets are said."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["unlogged"]

_TALKS = ("py4j", "py4j.java_gateway", "py4j.clientserver")
_lock = threading.Lock()
_before: list[dict[str, int]] = []
"""One for each that is at it now: its levels count when the last of them ends."""


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep py4j from logging, at level DEBUG, what is said to the JVM. Thread-safe."""
    loggers = {name: logging.getLogger(name) for name in _TALKS}
    with _lock:
        _before.append(_before[0] if _before else {name: logger.level for name, logger in loggers.items()})
        for logger in loggers.values():
            logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        with _lock:
            levels = _before.pop()
            if not _before:
                for name, logger in loggers.items():
                    logger.setLevel(levels[name])
