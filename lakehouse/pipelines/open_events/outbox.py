"""Sends JSON documents beside the run, in their order, without making it wait."""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from lakehouse.masking import masked, masked_document

__all__ = ["Outbox", "Target", "flush_outboxes", "outbox_to"]

_log = logging.getLogger(__name__)
_MOST_WAITING = 1_000
_LAST_WAIT_SECONDS = 5.0
_IDLE_SECONDS = 5.0


class Target(Protocol):
    """Takes one document. Targets that are equal take theirs from one outbox."""

    def __call__(self, body: bytes) -> None:
        """Send it. Raises whatever keeps it from that."""


class Outbox:
    """A thread that sends, and ends when nothing comes for a while. Thread-safe.

    A failure is logged once, and again after one that went well; the rest is still tried.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._waiting: queue.Queue[bytes] = queue.Queue(maxsize=_MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._has_complained = False
        self._lock = threading.Lock()

    def send(self, document: Mapping[str, Any]) -> None:
        """Put a document behind those that wait; one too many is dropped, so that nobody waits for a dead server."""
        body = msgspec.json.encode(masked_document(document))
        with self._lock:
            try:
                self._waiting.put_nowait(body)
            except queue.Full:
                self._complain("it is too slow")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="lakehouse outbox", daemon=True)
                self._thread.start()

    def flush(self, *, timeout_seconds: float = _LAST_WAIT_SECONDS) -> None:
        """Wait until all is sent, but no longer than this."""
        done = self._waiting.all_tasks_done
        with done:
            is_sent = done.wait_for(lambda: not self._waiting.unfinished_tasks, timeout_seconds)
        if not is_sent:
            self._complain("it is too slow")

    def _work(self) -> None:
        while (body := self._next()) is not None:
            try:
                self._target(body)
                self._has_complained = False
            except Exception as error:  # noqa: BLE001 - what a server answers may be anything
                self._complain(str(error))
            finally:
                self._waiting.task_done()

    def _next(self) -> bytes | None:
        """Return what is to be sent next; None where the thread is to end."""
        try:
            return self._waiting.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            with self._lock:
                if self._waiting.empty():
                    self._thread = None
                    return None
            return self._waiting.get()

    def _complain(self, reason: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            _log.warning("What happens in the run can't be sent: %s", masked(f"{self._target}: {reason}"))


_outboxes: dict[Target, Outbox] = {}
_outboxes_change = threading.Lock()


def outbox_to(target: Target) -> Outbox:
    """Return this process's outbox for a target: runs that follow each other, as in a stream, share it.

    No run waits for it: what is left is sent while the process ends.
    """
    with _outboxes_change:
        return _outboxes.setdefault(target, Outbox(target))


def flush_outboxes(*, timeout_seconds: float = _LAST_WAIT_SECONDS) -> None:
    """Wait until the outboxes of this process have sent all, but no longer than this for all of them together."""
    until = time.monotonic() + timeout_seconds
    with _outboxes_change:
        outboxes = list(_outboxes.values())
    for outbox in outboxes:
        outbox.flush(timeout_seconds=max(until - time.monotonic(), 0.0))


atexit.register(flush_outboxes)
