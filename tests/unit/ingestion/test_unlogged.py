"""What is said to the JVM stays out of the log, also where several threads say secrets at once."""

from __future__ import annotations

import logging

import pytest

from lakehouse.ingestion.unlogged import unlogged

TALKS = ("py4j", "py4j.java_gateway", "py4j.clientserver")


def test_nothing_is_logged_until_the_last_of_those_who_say_secrets_is_done() -> None:
    loggers = [logging.getLogger(name) for name in TALKS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        first, second = unlogged(), unlogged()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert not any(logger.isEnabledFor(logging.DEBUG) for logger in loggers), "the second still talks"
        second.__exit__(None, None, None)
        assert [logger.level for logger in loggers] == [logging.DEBUG] * 3
        with pytest.raises(KeyError), unlogged():
            raise KeyError
        assert [logger.level for logger in loggers] == [logging.DEBUG] * 3
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
