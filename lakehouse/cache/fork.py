"""Keep caches usable in a child made by fork, even if another thread was busy in them at that moment."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["LONGEST_WAIT_SECONDS", "ForkAware", "no_fork", "register"]

LONGEST_WAIT_SECONDS = 0.5
"""How long one fork waits for all caches together; a cache that is not at rest by then starts empty in the child."""


class ForkAware(Protocol):
    """Has a state that a fork must not copy half-changed."""

    def before_fork(self, *, timeout_seconds: float) -> bool:
        """Keep other threads from changing the state; False if one still does after ``timeout_seconds``."""

    def after_fork(self, *, in_child: bool, is_whole: bool) -> None:
        """Go on; in the child without the threads that stayed in the parent, and what they had begun.

        ``is_whole`` is what ``before_fork`` returned: without it the child's copy can't be trusted.
        """


_aware: dict[int, weakref.ref[ForkAware]] = {}
# Re-entrant, because a finalizer or a signal handler may make a cache, or fork, in the middle of what is below.
_lock = threading.RLock()
_forks_under_way: list[list[tuple[ForkAware, bool]]] = []


def no_fork() -> AbstractContextManager[object]:
    """Hold off forks by other threads for a few steps that belong together, such as opening and noting a file."""
    return _lock


def register(subject: ForkAware) -> None:
    """Call ``subject`` around each fork of this process, for as long as it lives."""
    identity = id(subject)
    with _lock:
        _aware[identity] = weakref.ref(subject, lambda dead: _forget(identity, dead))


def _forget(identity: int, dead: weakref.ref[ForkAware]) -> None:
    if _aware.get(identity) is dead:  # and not a younger one at the same address
        del _aware[identity]


def _before() -> None:
    _lock.acquire()
    # Noted one by one: an interrupt (KeyboardInterrupt) in a wait must not leave the others held.
    held: list[tuple[ForkAware, bool]] = []
    _forks_under_way.append(held)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    for subject in _alive():
        left = max(deadline - time.monotonic(), 0.0)
        held.append((subject, subject.before_fork(timeout_seconds=left)))


def _alive() -> Iterable[ForkAware]:
    found = (reference() for reference in tuple(_aware.values()))
    return [subject for subject in found if subject is not None]


def _after(*, in_child: bool) -> None:
    try:
        for subject, is_whole in reversed(_forks_under_way.pop()):
            subject.after_fork(in_child=in_child, is_whole=is_whole)
    finally:
        _lock.release()


def _after_in_parent() -> None:
    _after(in_child=False)


def _after_in_child() -> None:
    _after(in_child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
