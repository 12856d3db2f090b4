"""Keeps what is said to the JVM out of the log, while secrets are said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["unlogged"]

_TALKS = ("py4j", "py4j.java_gateway", "py4j.clientserver")


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep py4j from logging, at level DEBUG, what is said to the JVM."""
    loggers = [logging.getLogger(name) for name in _TALKS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
