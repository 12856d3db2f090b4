"""Sends JSON documents beside the run, in their order, without making it wait."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from lakehouse.masking import masked, masked_document

__all__ = ["Outbox", "Target"]

_log = logging.getLogger(__name__)
_MOST_WAITING = 1_000
_LAST_WAIT_SECONDS = 5.0


class Target(Protocol):
    """Takes one document."""

    def __call__(self, body: bytes) -> None:
        """Send it. Raises whatever keeps it from that."""


class Outbox:
    """A thread that sends. It is started by the first document; a failure is logged once, and the rest still tried."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._waiting: queue.Queue[bytes | None] = queue.Queue(maxsize=_MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._has_complained = False

    def send(self, document: Mapping[str, Any]) -> None:
        """Put a document behind those that wait; one too many is dropped, so that nobody waits for a dead server."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="lakehouse outbox", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(msgspec.json.encode(masked_document(document)))
        except queue.Full:
            self._complain("it is too slow")

    def close(self, *, timeout_seconds: float = _LAST_WAIT_SECONDS) -> None:
        """Wait for what is not sent yet, but no longer than this."""
        if self._thread is None:
            return
        until = time.monotonic() + timeout_seconds
        try:
            self._waiting.put(None, timeout=timeout_seconds)
        except queue.Full:
            return
        self._thread.join(max(until - time.monotonic(), 0.0))
        if self._thread.is_alive():
            self._complain("it is too slow")

    def _work(self) -> None:
        while (body := self._waiting.get()) is not None:
            try:
                self._target(body)
            except Exception as error:  # noqa: BLE001 - what a server answers may be anything
                self._complain(str(error))

    def _complain(self, reason: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            _log.warning("What happens in the run can't be sent: %s", masked(f"{self._target}: {reason}"))
