"""Keep caches usable in a child made by fork, even if another thread was busy in them at that moment."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

__all__ = ["register"]


class ForkAware(Protocol):
    """Has a state that a fork must not copy half-changed."""

    def before_fork(self) -> None:
        """Wait until no other thread is changing the state, and keep it so."""

    def after_fork(self, *, in_child: bool) -> None:
        """Go on; in the child, without the threads (and what they had begun) that stayed in the parent."""


_aware: weakref.WeakSet[ForkAware] = weakref.WeakSet()
_held: list[ForkAware] = []
_one_fork_at_a_time = threading.Lock()


def register(subject: ForkAware) -> None:
    """Call ``subject`` around each fork of this process, for as long as it lives."""
    _aware.add(subject)


def _before() -> None:
    _one_fork_at_a_time.acquire()
    _held.extend(_aware)
    for subject in _held:
        subject.before_fork()


def _after(*, in_child: bool) -> None:
    for subject in reversed(_held):
        subject.after_fork(in_child=in_child)
    _held.clear()
    _one_fork_at_a_time.release()


def _after_in_parent() -> None:
    _after(in_child=False)


def _after_in_child() -> None:
    _after(in_child=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
