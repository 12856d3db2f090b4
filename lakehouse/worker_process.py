"""The code that runs in a worker process: take an item, do the work, send the answer; end when the parent ends.

It stands apart from the package that starts it: a worker loads what its work needs, and nothing else of the library.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

__all__ = ["DONE", "FAILED", "READY", "serve"]

READY, DONE, FAILED = b"r", b"d", b"f"
"""The first byte of an answer. A value follows DONE, pickled; FAILED is followed by a reason and a traceback."""


def serve(connection: Connection) -> None:
    """Receive the work, then its items, until the connection closes; each gets one answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process: the parent ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work = pickle.loads(connection.recv_bytes())  # noqa: S301 - from our own parent
    except Exception as error:  # noqa: BLE001 - whatever its import raises
        connection.send_bytes(_failed(error))
        return
    connection.send_bytes(READY)
    while True:
        try:
            item = connection.recv_bytes()
        except (EOFError, ConnectionError):
            return
        connection.send_bytes(_answer(work, item))


def _answer(work: Callable[[Any], Any], item: bytes) -> bytes:
    try:
        value = work(pickle.loads(item))  # noqa: S301 - from our own parent
        return DONE + pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - an item may fail in any way; it fails alone
        return _failed(error)


def _failed(error: Exception) -> bytes:
    reason = "".join(traceback.format_exception_only(error)).strip()
    details = "".join(traceback.format_exception(error))
    return FAILED + pickle.dumps((reason, details))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
