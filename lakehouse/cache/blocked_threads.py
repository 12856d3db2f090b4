"""Which threads a blocked thread waits for, as far as the stacks tell: by ``Thread.join`` and by futures of pools.

A loader that hands its work to another thread waits in a place that no lock of ours knows of. CPython only: where
``sys._current_frames`` is missing, nothing is found.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.thread import _WorkItem
from types import CodeType, FrameType
from typing import Any

__all__ = ["Stacks", "threads_awaited_by"]

Stacks = Mapping[int, FrameType]
"""The innermost frame of each thread, by its identifier."""

_JOIN: CodeType = threading.Thread.join.__code__
_RESULTS: frozenset[CodeType] = frozenset({Future.result.__code__, Future.exception.__code__})
_RUN: CodeType = _WorkItem.run.__code__


def current_stacks() -> Stacks:
    """Return the stacks of all threads as of now."""
    frames = getattr(sys, "_current_frames", dict)
    stacks: Stacks = frames()
    return stacks


def threads_awaited_by(thread: int, stacks: Stacks) -> set[int]:
    """Return the threads without which this one does not go on; waits with a time-out of their own don't count."""
    awaited: set[int] = set()
    for frame in _frames_of(thread, stacks):
        names: Mapping[str, Any] = frame.f_locals if frame.f_code in _RESULTS or frame.f_code is _JOIN else {}
        if not names or names.get("timeout") is not None:
            continue
        subject = names.get("self")
        if isinstance(subject, threading.Thread):
            awaited.add(subject.ident or 0)
        elif isinstance(subject, Future):  # not one that was just done: its frame has let go of it
            awaited |= {other for other in stacks if _runs(other, subject, stacks)}
    return awaited


def _runs(thread: int, future: Future[Any], stacks: Stacks) -> bool:
    return not future.done() and any(
        frame.f_code is _RUN and getattr(frame.f_locals.get("self"), "future", None) is future
        for frame in _frames_of(thread, stacks)
    )


def _frames_of(thread: int, stacks: Stacks) -> Iterator[FrameType]:
    frame = stacks.get(thread)
    while frame is not None:
        yield frame
        frame = frame.f_back
